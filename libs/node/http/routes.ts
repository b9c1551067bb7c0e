import type { V1Pod } from '../../api/gen/types.ts';
import { diskOf } from '../eviction/pressure.ts';
import type { NodeHandlers } from '../link.ts';
import type { NodeDns, NodeIdentity } from '../options.ts';
import type { ProbeTally } from '../probes/tally.ts';
import { cadvisorFamilies, resourceFamilies } from '../stats/cadvisor.ts';
import { collectFigures, type StatsSource } from '../stats/collect.ts';
import { CpuRates, summaryOf } from '../stats/summary.ts';
import { prometheusText } from '../stats/text.ts';
import type { RuntimeView } from '../view.ts';
import { configurationOf } from './configuration.ts';
import { type Answer, type LogRoots, systemLogs } from './system-logs.ts';

const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
const textType = 'text/plain; charset=utf-8';
const jsonType = 'application/json';

/** What a kubelet says of its own health, part by part. An agent that answers at all is well. */
const healthChecks = ['ping', 'log', 'syncloop'];

export interface NodeHttpOptions {
  source: StatsSource;
  node: NodeIdentity;
  dns: NodeDns;
  startedAtMs: number;
  metricsText: (() => Promise<string>) | undefined;
  probes: Pick<ProbeTally, 'families'>;
  pods: () => V1Pod[];
  logs: LogRoots;
  /** Folders on the file systems of volumes and, where it is known, of images. */
  disks: { volumes: string; images: string | undefined };
}

function answerOf(status: number, contentType: string, text: string): Answer {
  return { status, contentType, body: Buffer.from(text) };
}

function podList(items: readonly unknown[]): string {
  return JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items });
}

/** Pods as far as the runtime knows them: names and images of what runs. */
function runningPods(view: RuntimeView) {
  return view.identities().flatMap(({ uid, name, namespace }) => {
    const running = view.pod(uid).containers.filter(({ state }) => state === 'running');
    if (running.length === 0) return [];
    const containers = running.map((container) => ({ name: container.name, image: container.imageRef, resources: {} }));
    return [{ metadata: { name, namespace, uid, creationTimestamp: null }, spec: { containers }, status: {} }];
  });
}

function healthz(query: URLSearchParams): string {
  if (!query.has('verbose')) return 'ok';
  return `${healthChecks.map((name) => `[+]${name} ok\n`).join('')}healthz check passed\n`;
}

type Route = (query: URLSearchParams) => [string, string] | Promise<[string, string]>;

function routesOf(options: NodeHttpOptions): ReadonlyMap<string, Route> {
  const { source, node, metricsText, startedAtMs } = options;
  const rates = new CpuRates();
  const summary = () => {
    const { volumes, images } = options.disks;
    const disks = { volumes: diskOf(volumes), images: diskOf(images ?? volumes) };
    return summaryOf(collectFigures(source), { name: node.name, startedAtMs, disks }, rates);
  };
  const routes: Record<string, Route> = {
    '/healthz': (query) => [textType, healthz(query)],
    '/metrics': async () => [metricsType, (await metricsText?.()) ?? ''],
    '/metrics/cadvisor': () => [metricsType, prometheusText(cadvisorFamilies(collectFigures(source), node))],
    '/metrics/resource': () => [metricsType, prometheusText(resourceFamilies(collectFigures(source)))],
    '/metrics/probes': () => [metricsType, prometheusText(options.probes.families())],
    '/stats/summary': () => [jsonType, JSON.stringify(summary())],
    '/pods': () => [jsonType, podList(options.pods())],
    '/runningpods': () => [jsonType, podList(runningPods(source.view))],
    '/configz': () => [jsonType, JSON.stringify(configurationOf(options))],
  };
  for (const name of healthChecks) routes[`/healthz/${name}`] = () => [textType, 'ok'];
  return new Map(Object.entries(routes));
}

function logsAt(roots: LogRoots, path: string): Promise<Answer> | Answer {
  try {
    return systemLogs(roots, decodeURIComponent(path));
  } catch {
    return answerOf(400, textType, '400 bad request: the path is not well encoded\n');
  }
}

/** What the API server's node proxy reads from this node: the paths of a kubelet that programs ask. */
export function nodeHttp(options: NodeHttpOptions): NodeHandlers['http'] {
  const routes = routesOf(options);
  return async ({ method, path: target }) => {
    const { pathname, searchParams } = new URL(target, 'http://node');
    const path = pathname.replace(/(.)\/+$/, '$1');
    const route = routes.get(path);
    const logs = path === '/logs' || path.startsWith('/logs/');
    if (!route && !logs) return answerOf(404, textType, '404 page not found\n');
    if (method !== 'GET' && method !== 'HEAD') return answerOf(405, textType, 'Method Not Allowed\n');
    if (!route) return logsAt(options.logs, pathname.slice('/logs'.length));
    return answerOf(200, ...(await route(searchParams)));
  };
}
