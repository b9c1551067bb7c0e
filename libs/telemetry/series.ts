import type { Labels } from '../base/metrics.ts';

/** One set of labels and what is kept of it. */
interface Series<T> {
  readonly labels: Labels;
  readonly kept: T;
}

/**
 * What is kept of each set of labels of one metric. Labels that are frozen are known again by themselves: to put their
 * values together for each observation costs more than to count.
 */
export class SeriesTable<T> {
  private readonly byValues = new Map<string, Series<T>>();
  private readonly byLabels = new WeakMap<Labels, T>();

  constructor(
    private readonly names: readonly string[],
    private readonly make: () => T,
  ) {}

  /** @throws Error for a label that the metric does not have. */
  of(labels: Labels): T {
    const known = this.byLabels.get(labels);
    if (known !== undefined) return known;
    const kept = this.find(labels);
    if (Object.isFrozen(labels)) this.byLabels.set(labels, kept);
    return kept;
  }

  all(): Iterable<Series<T>> {
    return this.byValues.values();
  }

  private find(labels: Labels): T {
    const unknown = Object.keys(labels).find((name) => !this.names.includes(name));
    if (unknown !== undefined) throw new Error(`the metric has no label ${unknown}, only ${this.names.join(', ')}`);
    const key = JSON.stringify(this.names.map((name) => labels[name]));
    let series = this.byValues.get(key);
    if (!series) {
      series = { labels: { ...labels }, kept: this.make() };
      this.byValues.set(key, series);
    }
    return series.kept;
  }
}
