import type { V1Pod } from '../api/gen/types.ts';
import type { Gauge, Labels, Metrics } from '../base/metrics.ts';
import { noMetrics } from '../base/metrics.ts';
import { registerStateMetrics } from './register.ts';

const pod: V1Pod = {
  metadata: {
    namespace: 'shop',
    name: 'web-1',
    uid: 'u1',
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u0', controller: true }],
  },
  spec: {
    nodeName: 'node-1',
    containers: [{ name: 'web', resources: { requests: { cpu: '250m' }, limits: { memory: '64Mi' } } }],
  },
  status: {
    phase: 'Running',
    podIP: '10.244.0.2',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        name: 'web',
        image: 'i',
        imageID: '',
        ready: true,
        restartCount: 3,
        state: { running: {} },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      },
    ],
  },
};

/** Registers everything and reads one metric as a scrape would. */
function scrape(name: string): Array<{ labels: Labels; value: number }> {
  const seen: Array<{ labels: Labels; value: number }> = [];
  const gauge: Gauge = {
    set: (value, labels = {}) => seen.push({ labels, value }),
    remove: () => {},
    reset: () => seen.splice(0),
  };
  const metrics: Metrics = {
    ...noMetrics,
    gauge: (options) => {
      if (options.name === name) {
        options.collect?.(gauge);
        options.collect?.(gauge);
      }
      return gauge;
    },
  };
  const replicas = { spec: { replicas: 3 }, status: { availableReplicas: 2 } };
  registerStateMetrics(metrics, {
    pods: () => [pod],
    deployments: () => [{ metadata: { namespace: 'shop', name: 'web' }, ...replicas } as never],
    replicaSets: () => [],
    autoscalers: () => [],
    nodes: () => [
      {
        metadata: { name: 'node-1' },
        status: {
          allocatable: { cpu: '667m', memory: '8Gi', pods: '110' },
          conditions: [{ type: 'Ready', status: 'Unknown' }],
        },
      },
    ],
  });
  return seen;
}

describe('state metrics', () => {
  const id = { namespace: 'shop', pod: 'web-1', uid: 'u1' };
  it.each([
    ['kube_pod_container_status_restarts_total', { ...id, container: 'web' }, 3],
    ['kube_pod_status_phase', { ...id, phase: 'Running' }, 1],
    ['kube_pod_status_phase', { ...id, phase: 'Pending' }, 0],
    ['kube_pod_status_ready', { ...id, condition: 'true' }, 1],
    ['kube_pod_container_status_last_terminated_reason', { ...id, container: 'web', reason: 'OOMKilled' }, 1],
    [
      'kube_pod_container_resource_requests',
      { ...id, container: 'web', node: 'node-1', resource: 'cpu', unit: 'core' },
      0.25,
    ],
    [
      'kube_pod_container_resource_limits',
      { ...id, container: 'web', node: 'node-1', resource: 'memory', unit: 'byte' },
      67_108_864,
    ],
    ['kube_deployment_status_replicas_available', { namespace: 'shop', deployment: 'web' }, 2],
    ['kube_node_status_allocatable', { node: 'node-1', resource: 'cpu', unit: 'core' }, 0.667],
    ['kube_node_status_condition', { node: 'node-1', condition: 'Ready', status: 'unknown' }, 1],
  ])('%s %j is %d', (name, labels, value) => expect(scrape(name)).toContainEqual({ labels, value }));
});
