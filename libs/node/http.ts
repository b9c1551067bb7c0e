import type { V1Pod } from '../api/gen/types.ts';
import type { NodeHandlers } from './link.ts';
import type { NodeIdentity } from './options.ts';
import { cadvisorFamilies, resourceFamilies } from './stats/cadvisor.ts';
import { collectFigures, type StatsSource } from './stats/collect.ts';
import { CpuRates, summaryOf } from './stats/summary.ts';
import { prometheusText } from './stats/text.ts';

const textType = 'text/plain; version=0.0.4; charset=utf-8';
const jsonType = 'application/json';

export interface NodeHttpOptions {
  source: StatsSource;
  node: NodeIdentity;
  startedAtMs: number;
  metricsText: (() => Promise<string>) | undefined;
  pods: () => V1Pod[];
}

/** What the API server's node proxy reads from this node. */
export function nodeHttp(options: NodeHttpOptions): NodeHandlers['http'] {
  const { source, node } = options;
  const rates = new CpuRates();
  const routes: Record<string, () => Promise<[string, string]>> = {
    '/healthz': async () => ['text/plain; charset=utf-8', 'ok'],
    '/metrics': async () => [textType, (await options.metricsText?.()) ?? ''],
    '/metrics/cadvisor': async () => [textType, prometheusText(cadvisorFamilies(collectFigures(source), node))],
    '/metrics/resource': async () => [textType, prometheusText(resourceFamilies(collectFigures(source)))],
    '/stats/summary': async () => {
      const identity = { name: node.name, startedAtMs: options.startedAtMs };
      return [jsonType, JSON.stringify(summaryOf(collectFigures(source), identity, rates))];
    },
    '/pods': async () => [
      jsonType,
      JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: options.pods() }),
    ],
  };
  return async ({ method, path }) => {
    const answer = (status: number, contentType: string, text: string) => ({
      status,
      contentType,
      body: Buffer.from(text),
    });
    const route = routes[path.split('?')[0]?.replace(/(.)\/$/, '$1') ?? ''];
    if (!route) return answer(404, textType, '404 page not found\n');
    if (method !== 'GET' && method !== 'HEAD') return answer(405, textType, 'Method Not Allowed\n');
    const [contentType, text] = await route();
    return answer(200, contentType, text);
  };
}
