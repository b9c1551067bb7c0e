import type { Histogram, Labels, MetricOptions } from '../base/metrics.ts';
import { SeriesTable } from './series.ts';

const noLabels: Labels = Object.freeze({});

/** A line of an exposition. */
interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Observations under one set of labels: how many fell into each bucket, the last of which has no upper bound. */
class Tally {
  readonly counts: number[];
  sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    counts[at]! += 1;
    this.sum += value;
  }
}

/**
 * A histogram that prom-client's registry renders as one of its own. Its own ones check and join all labels at every
 * observation, several times a request; this one looks up what it counts into and adds.
 */
export class TalliedHistogram implements Histogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private readonly bounds: readonly number[];
  private readonly series: SeriesTable<Tally>;

  /** @param buckets upper bounds, inclusive, in rising order */
  constructor({ name, help, labels = [], buckets }: MetricOptions & { buckets: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.bounds = [...buckets];
    this.series = new SeriesTable(labels, () => new Tally(this.bounds));
    if (labels.length === 0) this.series.of(noLabels);
  }

  observe(value: number, labels: Labels = noLabels): void {
    if (!Number.isFinite(value)) throw new TypeError(`${this.name} cannot observe ${value}`);
    this.series.of(labels).add(value);
  }

  /** What the registry asks of a metric. */
  get() {
    const { name, help, type, aggregator } = this;
    const values = [...this.series.all()].flatMap(({ labels, kept }) => this.samplesOf(labels, kept));
    return { name, help, type, aggregator, values };
  }

  private samplesOf(labels: Labels, { counts, sum }: Tally): Sample[] {
    const { name, bounds } = this;
    let count = 0;
    const buckets = counts.map((inBucket, at) => {
      count += inBucket;
      return { metricName: `${name}_bucket`, labels: { le: bounds[at] ?? '+Inf', ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
