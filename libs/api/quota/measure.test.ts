import type { V1Pod } from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { listOf } from './amounts.ts';
import { measureOf } from './measure.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
type Resources = object;
const podOf = (resources: Resources, spec: object = {}, status: object = {}, metadata: object = {}) =>
  ({
    metadata: { name: 'p', ...metadata },
    spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec },
    status,
  }) as V1Pod;
const hundred = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m' } };

describe('what an object counts for', () => {
  const cases: Array<{ name: string; plural: string; group?: string; object: object; want: Record<string, string> }> = [
    {
      name: 'a pod',
      plural: 'pods',
      object: podOf({ ...hundred, limits: { ...hundred.limits, 'ephemeral-storage': '1Gi' } }),
      want: {
        'count/pods': '1',
        pods: '1',
        cpu: '100m',
        'requests.cpu': '100m',
        'limits.cpu': '200m',
        memory: '64Mi',
        'requests.memory': '64Mi',
        'limits.ephemeral-storage': '1Gi',
      },
    },
    {
      name: 'a pod with sidecars, a heavy start, and overhead',
      plural: 'pods',
      object: podOf(hundred, {
        overhead: { cpu: '10m' },
        initContainers: [
          { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '50m' } } },
          { name: 'i', resources: { requests: { cpu: '400m' } } },
        ],
      }),
      want: { cpu: '460m', 'requests.cpu': '460m', memory: '64Mi', 'limits.cpu': '210m' },
    },
    {
      name: 'a pod that asks as a whole',
      plural: 'pods',
      object: podOf(hundred, { resources: { requests: { cpu: '2' }, limits: { memory: '1Gi' } } }),
      want: { cpu: '2', memory: '64Mi', 'limits.memory': '1Gi', 'limits.cpu': '200m' },
    },
    {
      name: 'a pod whose resize has not been carried out',
      plural: 'pods',
      object: podOf(hundred, {}, { containerStatuses: [{ name: 'c', resources: { requests: { cpu: '300m' } } }] }),
      want: { cpu: '300m', memory: '64Mi' },
    },
    {
      name: 'a pod whose resize can never be carried out',
      plural: 'pods',
      object: podOf(
        { requests: { cpu: '9' } },
        {},
        {
          conditions: [{ type: 'PodResizePending', reason: 'Infeasible' }],
          containerStatuses: [{ name: 'c', resources: { requests: { cpu: '1' } }, allocatedResources: { cpu: '1' } }],
        },
      ),
      want: { cpu: '1' },
    },
    { name: 'a pod that has ended', plural: 'pods', object: podOf(hundred, {}, { phase: 'Failed' }), want: {} },
    {
      name: 'a pod that should have gone',
      plural: 'pods',
      object: podOf(hundred, {}, {}, { deletionTimestamp: '2026-01-01T00:09:00Z', deletionGracePeriodSeconds: 30 }),
      want: {},
    },
    {
      name: 'a pod with extended resources and huge pages',
      plural: 'pods',
      object: podOf({ requests: { 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' } }),
      want: { 'requests.example.com/gpu': '2', 'hugepages-2Mi': '4Mi', 'requests.hugepages-2Mi': '4Mi' },
    },
    {
      name: 'a load balancer',
      plural: 'services',
      object: { spec: { type: 'LoadBalancer', ports: [{ port: 80 }, { port: 81 }] } },
      want: { services: '1', 'services.loadbalancers': '1', 'services.nodeports': '2' },
    },
    {
      name: 'a load balancer without node ports',
      plural: 'services',
      object: { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] } },
      want: { 'services.nodeports': '0' },
    },
    {
      name: 'a claim that grows',
      plural: 'persistentvolumeclaims',
      object: {
        spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } },
        status: { allocatedResources: { storage: '2Gi' } },
      },
      want: {
        persistentvolumeclaims: '1',
        'requests.storage': '2Gi',
        'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
        'gold.storageclass.storage.k8s.io/requests.storage': '2Gi',
      },
    },
    { name: 'a secret', plural: 'secrets', object: {}, want: { 'count/secrets': '1', secrets: '1' } },
    {
      name: 'a custom object',
      group: 'example.com',
      plural: 'widgets',
      object: {},
      want: { 'count/widgets.example.com': '1' },
    },
  ];
  it.each(cases)('$name', ({ plural, group = '', object, want }) => {
    const measure = measureOf({ group, plural });
    const usage = listOf(measure.usage(object as KubeObject, nowMs));
    expect(usage).toMatchObject(want);
    if (Object.keys(want).length === 0) expect(usage).toEqual({ 'count/pods': '1' });
    for (const name of Object.keys(want)) expect(measure.counts(name)).toBe(true);
  });
});
