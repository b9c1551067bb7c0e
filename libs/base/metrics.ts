export type Labels = Record<string, string>;

export interface Counter {
  add(amount: number, labels?: Labels): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Forgets one labelled series. */
  remove(labels: Labels): void;
  /** Forgets every series. */
  reset(): void;
}

export interface Histogram {
  /** One observation, in the unit that the metric's name ends with. */
  observe(value: number, labels?: Labels): void;
}

export interface MetricOptions {
  /** The full metric name, unit last, as Prometheus asks. */
  name: string;
  help: string;
  labels?: readonly string[];
}

/**
 * Where programs register what they measure. libs/telemetry implements it over prom-client.
 * Asking twice for the same name gives the same metric.
 */
export interface Metrics {
  counter(options: MetricOptions): Counter;
  /** `collect`, when given, runs just before each scrape and sets all that it shall show: nothing is kept between. */
  gauge(options: MetricOptions & { collect?: (gauge: Gauge) => void }): Gauge;
  histogram(options: MetricOptions & { buckets: readonly number[] }): Histogram;
}

const nothing = { add: () => {}, set: () => {}, remove: () => {}, reset: () => {}, observe: () => {} };

/** Measures nothing. */
export const noMetrics: Metrics = { counter: () => nothing, gauge: () => nothing, histogram: () => nothing };
