import type { V1Node, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';

export const zones = 10;
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const labelSelector = { matchLabels: { app: 'bench' } };

/** A workload: nodes, pods that stand already, and those that are measured. */
export interface Shape {
  name: string;
  nodes: number;
  existing: number;
  pods: number;
  /** What the measured pods say, beyond asking for a little CPU and memory. */
  spec: Partial<V1PodSpec>;
  /** CPU that existing and measured pods ask for; 100m when absent. */
  existingCpu?: string;
  cpu?: string;
  nodeCpu?: string;
  /** Pods that never fit. They have been judged, and wait, before the measured ones are made. */
  backlog?: number;
  /** They are made and judged with the measured ones instead, and count like them. */
  isBacklogMeasured?: boolean;
  /** Nodes, services and pods come and go meanwhile. */
  hasChurn?: boolean;
}

const near = (topologyKey: string) => [{ labelSelector, topologyKey }];
const spread = (whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'): Partial<V1PodSpec> => ({
  topologySpreadConstraints: [{ maxSkew: 5, topologyKey: zone, whenUnsatisfiable, labelSelector }],
});
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

export const shapes: readonly Shape[] = [
  { name: 'basic', nodes: 5000, existing: 1000, pods: 10_000, spec: {} },
  { name: 'big', nodes: 15_000, existing: 0, pods: 30_000, spec: {} },
  {
    name: 'node affinity',
    nodes: 5000,
    existing: 5000,
    pods: 10_000,
    spec: {
      affinity: {
        nodeAffinity: {
          [required]: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: ['zone-1', 'zone-2'] }] }],
          },
        },
      },
    },
  },
  {
    name: 'anti-affinity by hostname',
    nodes: 5000,
    existing: 1000,
    pods: 2000,
    spec: { affinity: { podAntiAffinity: { [required]: near(hostname) } } },
  },
  {
    name: 'affinity by zone',
    nodes: 5000,
    existing: 5000,
    pods: 5000,
    spec: { affinity: { podAffinity: { [required]: near(zone) } } },
  },
  {
    name: 'preferred affinity',
    nodes: 5000,
    existing: 5000,
    pods: 5000,
    spec: {
      affinity: {
        podAffinity: { [preferred]: [{ weight: 1, podAffinityTerm: { labelSelector, topologyKey: hostname } }] },
      },
    },
  },
  { name: 'spread by zone', nodes: 5000, existing: 5000, pods: 5000, spec: spread('DoNotSchedule') },
  { name: 'preferred spread by zone', nodes: 5000, existing: 5000, pods: 5000, spec: spread('ScheduleAnyway') },
  {
    name: 'preemption',
    nodes: 5000,
    existing: 20_000,
    pods: 5000,
    spec: { priority: 10 },
    nodeCpu: '4',
    existingCpu: '900m',
    cpu: '3',
  },
  { name: 'unschedulable backlog', nodes: 5000, existing: 0, pods: 10_000, spec: {}, backlog: 10_000 },
  {
    name: 'unschedulable backlog, mixed',
    nodes: 5000,
    existing: 0,
    pods: 10_000,
    spec: {},
    backlog: 10_000,
    isBacklogMeasured: true,
  },
  { name: 'mixed churn', nodes: 5000, existing: 0, pods: 10_000, spec: {}, hasChurn: true },
];

/** What a run's figures are about. */
export function measuredPods({ pods, backlog = 0, isBacklogMeasured = false }: Shape): number {
  return isBacklogMeasured ? pods + backlog : pods;
}

/** A pod that no node has room for. */
export const unfitting = (index: number) => ({ name: `never-${index}`, cpu: '1000' });

export function node(index: number, cpu = '8'): V1Node {
  const name = `node-${index}`;
  const allocatable = { cpu, memory: '32Gi', pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [hostname]: name, [zone]: `zone-${index % zones}` } },
    status: { allocatable, capacity: allocatable },
  };
}

export function pod(name: string, cpu = '100m', spec: Partial<V1PodSpec> = {}): V1Pod {
  const resources = { requests: { cpu, memory: '100Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'bench', uid: `uid-${name}`, labels: { app: 'bench' } },
    spec: { containers: [{ name: 'main', image: 'registry.example/pause:1', resources }], ...spec },
  };
}
