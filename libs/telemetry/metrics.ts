import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import type { Counter, Gauge, Histogram, Labels, MetricOptions, Metrics } from '../base/metrics.ts';

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

/** Labels that cannot change are looked up once: checking and ordering them costs more than to count. */
function placeOf<T>(find: (labels: Labels) => T): (labels: Labels) => T {
  const places = new WeakMap<Labels, T>();
  return (labels) => {
    let place = places.get(labels);
    if (!place) {
      place = find(labels);
      places.set(labels, place);
    }
    return place;
  };
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
      const counter = new PromCounter(this.configuration(options));
      const place = placeOf((labels) => counter.labels(labels));
      return {
        add(amount: number, labels?: Labels) {
          if (labels && Object.isFrozen(labels)) place(labels).inc(amount);
          else counter.inc(labels ?? {}, amount);
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
      const histogram = new PromHistogram({ ...this.configuration(options), buckets: [...options.buckets] });
      const place = placeOf((labels) => histogram.labels(labels));
      return {
        observe(value: number, labels?: Labels) {
          if (labels && Object.isFrozen(labels)) place(labels).observe(value);
          else histogram.observe(labels ?? {}, value);
        },
      };
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
