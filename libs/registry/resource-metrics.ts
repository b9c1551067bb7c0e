import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject } from '../api/meta.ts';
import { rfc3339 } from '../base/clock.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { ComputedResource } from './computed-resource.ts';
import type { Registry } from './registry.ts';
import type { Usage, UsageBoard } from './usage.ts';

const verbs = ['get', 'list'];
const base = { group: 'metrics.k8s.io', version: 'v1beta1', verbs } as const;

const nodeMetrics: ResourceDefinition = {
  ...base,
  kind: 'NodeMetrics',
  plural: 'nodes',
  singular: '',
  namespaced: false,
  type: 'V1beta1NodeMetrics',
};

const podMetrics: ResourceDefinition = {
  ...base,
  kind: 'PodMetrics',
  plural: 'pods',
  singular: '',
  namespaced: true,
  type: 'V1beta1PodMetrics',
};

/** Serves metrics.k8s.io from what the nodes report; labels are those of the nodes and pods themselves. */
export function serveMetrics(registry: Registry, board: UsageBoard, mirror: StoreMirror): void {
  const labelsOf = (plural: string, key: string) => mirror.collection('', plural).get(key)?.object.metadata?.labels;
  const nodes = () =>
    board.nodeUsages().map(({ name, usage }) => {
      const metadata = { name, labels: labelsOf('nodes', name) };
      return measured(nodeMetrics, metadata, { ...times(usage), usage: amounts(usage) });
    });
  const pods = () =>
    board.podUsages().map(({ namespace, name, containers }) => {
      const metadata = { name, namespace, labels: labelsOf('pods', `${namespace}/${name}`) };
      const newest = containers.reduce((a, b) => (a.usage.atMs > b.usage.atMs ? a : b)).usage;
      const items = containers.map((container) => ({ name: container.name, usage: amounts(container.usage) }));
      return measured(podMetrics, metadata, { ...times(newest), containers: items });
    });
  registry.serve({ definition: nodeMetrics, service: new ComputedResource(nodeMetrics, nodes, mirror) });
  registry.serve({ definition: podMetrics, service: new ComputedResource(podMetrics, pods, mirror) });
}

function measured(definition: ResourceDefinition, metadata: ObjectMetaOf, fields: object): KubeObject {
  const creationTimestamp = (fields as { timestamp: string }).timestamp;
  const { kind, group, version } = definition;
  return { kind, apiVersion: `${group}/${version}`, metadata: { ...metadata, creationTimestamp }, ...fields };
}

type ObjectMetaOf = NonNullable<KubeObject['metadata']>;

function times({ atMs, windowMs }: Usage) {
  return { timestamp: rfc3339(atMs), window: `${(windowMs / 1000).toFixed(3).replace(/\.?0+$/, '')}s` };
}

function amounts({ cpuNanocores, memoryWorkingSetBytes }: Usage) {
  return { cpu: `${cpuNanocores}n`, memory: `${Math.ceil(memoryWorkingSetBytes / 1024)}Ki` };
}
