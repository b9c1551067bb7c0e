import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  type Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import type { Counter, Gauge, Histogram, Labels, MetricOptions, Metrics } from '../base/metrics.ts';
import { SeriesTable } from './series.ts';
import { TalliedHistogram } from './tallied-histogram.ts';

export interface TelemetryMetrics extends Metrics {
  /** The text that a scrape answers with. */
  render(): Promise<string>;
  /** Its content type. */
  readonly contentType: string;
}

export interface BuildInfo {
  /** The program, e.g. `berth-scheduler`. */
  program: string;
  version: string;
  commit?: string;
}

export interface MetricsOptions {
  build?: BuildInfo;
  /** Whether to add what a process tells about itself: CPU, memory, event loop, file descriptors. True when absent. */
  withProcess?: boolean;
}

/** A registry of its own, so that several programs in one process do not mix. */
export function createMetrics(options: MetricsOptions = {}): TelemetryMetrics {
  const registry = new Registry();
  if (options.withProcess ?? true) collectDefaultMetrics({ register: registry });
  const metrics = new PromMetrics(registry);
  if (options.build) addBuildInfo(metrics, options.build);
  return metrics;
}

function addBuildInfo(metrics: Metrics, { program, version, commit = '' }: BuildInfo): void {
  const labels = { program, version, commit, node_version: process.version };
  metrics
    .gauge({ name: 'berth_build_info', help: 'Version of the program; always 1.', labels: Object.keys(labels) })
    .set(1, labels);
}

/**
 * A gauge that is filled at each scrape, and emptied again when it has answered: series of every pod would otherwise take
 * more memory between the scrapes than the pods do.
 */
class ScrapedGauge extends PromGauge {
  override async get(): ReturnType<PromGauge['get']> {
    const answer = await super.get();
    this.reset();
    return answer;
  }
}

class PromMetrics implements TelemetryMetrics {
  private readonly known = new Map<string, Counter | Gauge | Histogram>();
  private readonly registry: Registry;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  render(): Promise<string> {
    return this.registry.metrics();
  }

  counter(options: MetricOptions): Counter {
    return this.once(options.name, () => {
      const series = new SeriesTable(options.labels ?? [], () => ({ pending: 0 }));
      const collect = () => {
        for (const { labels, kept } of series.all()) {
          counter.inc(labels, kept.pending);
          kept.pending = 0;
        }
      };
      const counter = new PromCounter({ ...this.configuration(options), collect });
      return {
        add(amount: number, labels: Labels = {}) {
          if (!(amount >= 0 && Number.isFinite(amount)))
            throw new RangeError(`${options.name} only grows, not by ${amount}`);
          series.of(labels).pending += amount;
        },
      };
    });
  }

  gauge(options: MetricOptions & { collect?: (gauge: Gauge) => void }): Gauge {
    return this.once(options.name, () => {
      const collect = options.collect && (() => options.collect?.(gauge));
      const Kind = collect ? ScrapedGauge : PromGauge;
      const prom = new Kind({ ...this.configuration(options), collect });
      const gauge: Gauge = {
        set: (value, labels) => prom.set(labels ?? {}, value),
        remove: (labels) => prom.remove(labels),
        reset: () => prom.reset(),
      };
      return gauge;
    });
  }

  histogram(options: MetricOptions & { buckets: readonly number[] }): Histogram {
    return this.once(options.name, () => {
      const histogram = new TalliedHistogram(options);
      // The registry asks a metric for its name and what it has counted, for nothing else.
      this.registry.registerMetric(histogram as unknown as PromHistogram);
      return histogram;
    });
  }

  private configuration({ name, help, labels }: MetricOptions) {
    return { name, help, labelNames: [...(labels ?? [])], registers: [this.registry] };
  }

  private once<T extends Counter | Gauge | Histogram>(name: string, make: () => T): T {
    const known = this.known.get(name);
    if (known !== undefined) return known as T;
    const made = make();
    this.known.set(name, made);
    return made;
  }
}
