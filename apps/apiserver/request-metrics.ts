import type { ResourceAttributes } from '../../libs/auth/attributes.ts';
import type { Counter, Gauge, Histogram, Metrics } from '../../libs/base/metrics.ts';
import type { Collection } from '../../libs/cache/collection.ts';
import type { StoreMirror } from '../../libs/cache/mirror.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import type { InflightLimit } from './inflight.ts';
import type { RequestInfo } from './request-info.ts';

const durationBucketsSeconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20,
];

export interface MeasuredParts {
  readonly registry: Registry;
  readonly inflight: InflightLimit;
  readonly mirror: StoreMirror;
}

function measureStore(metrics: Metrics, mirror: StoreMirror): void {
  const byResource = (gauge: Gauge, value: (collection: Collection) => number) => {
    for (const [prefix, collection] of mirror.all()) {
      const [, , group = '', plural = ''] = prefix.split('/');
      gauge.set(value(collection), { resource: group === 'core' ? plural : `${plural}.${group}` });
    }
  };
  metrics.gauge({
    name: 'apiserver_storage_objects',
    help: 'Stored objects, by resource.',
    labels: ['resource'],
    collect: (gauge) => byResource(gauge, (collection) => collection.size),
  });
  metrics.gauge({
    name: 'apiserver_registered_watchers',
    help: 'Open watches, by resource.',
    labels: ['resource'],
    collect: (gauge) => byResource(gauge, (collection) => collection.watcherCount),
  });
}

interface AnswerLabels {
  readonly target: Readonly<Record<string, string>>;
  readonly answer: Readonly<Record<string, string>>;
}

/** Labels of answers that are remembered; paths that are served by nobody could make any number. */
const labelsKeptMax = 2_048;

/** Requests as upstream's API server measures them, so that existing dashboards work. */
export class RequestMetrics {
  private readonly total: Counter;
  private readonly duration: Histogram;
  private readonly longRunning: Gauge;
  private readonly labels = new Map<string, AnswerLabels>();
  private readonly running = new Map<string, { labels: Record<string, string>; count: number }>();

  private readonly registry: Registry;

  constructor(metrics: Metrics, { registry, inflight, mirror }: MeasuredParts) {
    this.registry = registry;
    const target = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
    this.total = metrics.counter({
      name: 'apiserver_request_total',
      help: 'Requests answered, by verb, resource and HTTP code.',
      labels: [...target, 'code'],
    });
    this.duration = metrics.histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Time from the arrival of a request to its answer; watches are not counted.',
      labels: target,
      buckets: durationBucketsSeconds,
    });
    this.longRunning = metrics.gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches and streams that are open.',
      labels: target,
    });
    metrics.gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests under way, by kind.',
      labels: ['request_kind'],
      collect: (gauge) => {
        gauge.set(inflight.current.reads, { request_kind: 'readOnly' });
        gauge.set(inflight.current.writes, { request_kind: 'mutating' });
      },
    });
    measureStore(metrics, mirror);
  }

  answered(info: RequestInfo, code: number, seconds: number): void {
    const { target, answer } = this.labelsFor(info, code);
    this.total.add(1, answer);
    if (info.verb !== 'watch') this.duration.observe(seconds, target);
  }

  /** Frozen, so that the metrics find their place again by them. */
  private labelsFor(info: RequestInfo, code: number): AnswerLabels {
    const { verb, resource: at } = info;
    const place = at ? `${at.group}/${at.version}/${at.plural}/${at.subresource ?? ''} ${scopeOf(at)}` : '';
    const key = `${verb} ${code} ${place}`;
    let labels = this.labels.get(key);
    if (!labels) {
      const target = Object.freeze(this.labelsOf(info));
      labels = { target, answer: Object.freeze({ ...target, code: String(code) }) };
      if (this.labels.size >= labelsKeptMax) this.labels.clear();
      this.labels.set(key, labels);
    }
    return labels;
  }

  /** Counts a watch until the returned function is called. */
  watching(info: RequestInfo): () => void {
    const labels = this.labelsOf(info);
    const key = JSON.stringify(labels);
    const entry = this.running.get(key) ?? { labels, count: 0 };
    this.running.set(key, entry);
    const change = (by: number) => {
      entry.count += by;
      this.longRunning.set(entry.count, labels);
    };
    change(1);
    return () => change(-1);
  }

  /** Only what is served has labels of its own: callers may write anything into a path, and each label is kept. */
  private labelsOf({ verb, resource }: RequestInfo): Record<string, string> {
    const known = resource && this.isServed(resource) ? resource : undefined;
    return {
      verb: verbLabels[verb] ?? 'OTHER',
      group: known?.group ?? '',
      version: known?.version ?? '',
      resource: known?.plural ?? '',
      subresource: known?.subresource ?? '',
      scope: scopeOf(known),
      component: 'apiserver',
    };
  }

  private isServed({ group, version, plural, subresource }: ResourceAttributes): boolean {
    const definition = this.registry.resource(group, version, plural)?.definition;
    if (!definition || subresource === undefined) return definition !== undefined;
    if (subresource === 'status' || subresource === 'scale') return true;
    return streamed.has(subresource) || (definition.subresources?.some(({ name }) => name === subresource) ?? false);
  }
}

const verbLabels: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  post: 'POST',
  put: 'PUT',
  head: 'HEAD',
  options: 'OPTIONS',
};

/** Subresources that extensions answer. */
const streamed = new Set(['exec', 'attach', 'portforward', 'log', 'proxy']);

function scopeOf(resource: RequestInfo['resource']): string {
  if (!resource) return '';
  if (resource.name) return 'resource';
  return resource.namespace ? 'namespace' : 'cluster';
}
