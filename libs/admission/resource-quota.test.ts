import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod, V1ResourceQuota, V1ResourceQuotaSpec } from '../api/gen/types.ts';

type Resources = NonNullable<NonNullable<V1Pod['spec']>['containers'][0]['resources']>;

const podOf = (name: string, resources: Resources = {}, spec: object = {}) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec },
});

describe('resource quotas', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  const create = (plural: string, object: object, more = {}) =>
    scratch.service(plural).create({ namespace: 'x' }, bodyOf(object), asks(more));

  /** A quota with the status that its controller would give it. */
  const bound = async (spec: V1ResourceQuotaSpec, { name = 'q', used = {} }: { name?: string; used?: object } = {}) => {
    await create('resourcequotas', { kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name }, spec });
    const zeros = Object.fromEntries(Object.keys(spec.hard ?? {}).map((resource) => [resource, '0']));
    const status = { hard: spec.hard, used: { ...zeros, ...used } };
    const body = bodyOf({ kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name }, spec, status });
    await scratch.service('resourcequotas').update({ namespace: 'x', name }, body, asks({ subresource: 'status' }));
  };
  const used = async (name = 'q') =>
    ((await scratch.service('resourcequotas').get({ namespace: 'x', name })).object as V1ResourceQuota).status?.used;

  it('are charged by exactly what was written, however many write at once', async () => {
    await bound({ hard: { pods: '50', 'requests.cpu': '10' } });
    const requests = { cpu: '100m' };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => create('pods', podOf(`p${i}`, { requests }))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    expect(scratch.mirror.collection('', 'pods').size).toBe(50);
    expect(await used()).toEqual({ pods: '50', 'requests.cpu': '5' });
  });

  const refusals: Array<{
    name: string;
    hard: Record<string, string>;
    used?: object;
    plural?: string;
    object: object;
    message: string;
  }> = [
    {
      name: 'more than is left',
      hard: { 'limits.cpu': '2', 'requests.memory': '1Gi' },
      used: { 'limits.cpu': '500m', 'requests.memory': '512Mi' },
      object: podOf('p', { limits: { cpu: '1600m' }, requests: { cpu: '1', memory: '600Mi' } }),
      message:
        'pods "p" is forbidden: exceeded quota: q, requested: limits.cpu=1600m,requests.memory=600Mi, ' +
        'used: limits.cpu=500m,requests.memory=512Mi, limited: limits.cpu=2,requests.memory=1Gi',
    },
    {
      name: 'what does not say what it takes',
      hard: { cpu: '2', 'limits.memory': '1Gi' },
      object: podOf('p', { requests: { memory: '1Mi' } }),
      message: 'pods "p" is forbidden: failed quota: q: must specify cpu for: c; limits.memory for: c',
    },
    {
      name: 'extended resources',
      hard: { 'requests.example.com/gpu': '1' },
      object: podOf('p', { limits: { 'example.com/gpu': '2' } }),
      message:
        'pods "p" is forbidden: exceeded quota: q, requested: requests.example.com/gpu=2, ' +
        'used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1',
    },
    {
      name: 'objects of any kind',
      hard: { 'count/configmaps': '1' },
      used: { 'count/configmaps': '1' },
      plural: 'configmaps',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c' } },
      message:
        'configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, ' +
        'used: count/configmaps=1, limited: count/configmaps=1',
    },
    {
      name: 'storage of a class',
      hard: { 'gold.storageclass.storage.k8s.io/requests.storage': '5Gi' },
      plural: 'persistentvolumeclaims',
      object: {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        metadata: { name: 'c' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'gold',
          resources: { requests: { storage: '6Gi' } },
        },
      },
      message:
        'persistentvolumeclaims "c" is forbidden: exceeded quota: q, ' +
        'requested: gold.storageclass.storage.k8s.io/requests.storage=6Gi, ' +
        'used: gold.storageclass.storage.k8s.io/requests.storage=0, ' +
        'limited: gold.storageclass.storage.k8s.io/requests.storage=5Gi',
    },
  ];
  it.each(refusals)('refuse $name', async ({ hard, used: standing, plural = 'pods', object, message }) => {
    await bound({ hard }, { used: standing });
    await expect(create(plural, object)).rejects.toMatchObject({ reason: 'Forbidden', message });
    await expect(create(plural, object, { dryRun: true })).rejects.toMatchObject({ reason: 'Forbidden', message });
  });

  it('refuse while nobody knows what is used', async () => {
    await bound({ hard: { pods: '5' } });
    const status = { hard: { pods: '5', cpu: '1' }, used: { pods: '0' } };
    const body = bodyOf({ kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name: 'q' }, status });
    await scratch
      .service('resourcequotas')
      .update({ namespace: 'x', name: 'q' }, body, asks({ subresource: 'status' }));
    const message = 'pods "p" is forbidden: status unknown for quota: q, resources: cpu,pods';
    await expect(create('pods', podOf('p', { requests: { cpu: '1' } }))).rejects.toMatchObject({ message });
  });

  it('are all charged or none', async () => {
    await bound({ hard: { pods: '5' } }, { name: 'wide' });
    await bound({ hard: { pods: '1' } }, { name: 'narrow' });
    await create('pods', podOf('a'));
    await expect(create('pods', podOf('b'))).rejects.toMatchObject({ reason: 'Forbidden' });
    expect([await used('wide'), await used('narrow')]).toEqual([{ pods: '1' }, { pods: '1' }]);
  });

  it('are not charged by what does not come to be', async () => {
    await bound({ hard: { pods: '5' } });
    await create('pods', podOf('a'));
    await create('pods', podOf('b'), { dryRun: true });
    await expect(create('pods', podOf('a'))).rejects.toMatchObject({ reason: 'AlreadyExists' });
    await expect(create('pods', podOf('c', {}, { hostname: 'B_' }))).rejects.toMatchObject({ reason: 'Invalid' });
    expect(await used()).toEqual({ pods: '1' });
  });

  it('are charged by what an update adds', async () => {
    await bound({ hard: { services: '5', 'services.nodeports': '2' } });
    const service = (ports: number[], type: string) => ({
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 's' },
      spec: { type, selector: { a: 'b' }, ports: ports.map((port) => ({ name: `p${port}`, port })) },
    });
    await create('services', service([80], 'ClusterIP'));
    const update = (object: object) =>
      scratch.service('services').update({ namespace: 'x', name: 's' }, bodyOf(object), asks());
    await update(service([80, 81], 'NodePort'));
    expect(await used()).toEqual({ services: '1', 'services.nodeports': '2' });
    await expect(update(service([80, 81, 82], 'NodePort'))).rejects.toMatchObject({
      message:
        'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1, ' +
        'used: services.nodeports=2, limited: services.nodeports=2',
    });
  });

  const scoped: Array<{ scope: string; inside: object; outside: object }> = [
    { scope: 'Terminating', inside: { activeDeadlineSeconds: 5 }, outside: {} },
    { scope: 'NotTerminating', inside: {}, outside: { activeDeadlineSeconds: 5 } },
    { scope: 'BestEffort', inside: {}, outside: { resources: { requests: { cpu: '1' } } } },
    { scope: 'NotBestEffort', inside: { resources: { requests: { cpu: '1' } } }, outside: {} },
    {
      scope: 'CrossNamespacePodAffinity',
      inside: {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { a: 'b' } }, topologyKey: 'zone', namespaces: ['y'] },
            ],
          },
        },
      },
      outside: {},
    },
  ];
  it.each(scoped)('of the scope $scope count the pods in it', async ({ scope, inside, outside }) => {
    await bound({ hard: { pods: '1' }, scopes: [scope] });
    await create('pods', podOf('in', {}, inside));
    expect(await used()).toEqual({ pods: '1' });
    await create('pods', podOf('out', {}, outside));
    await expect(create('pods', podOf('more', {}, inside))).rejects.toMatchObject({ reason: 'Forbidden' });
  });

  it('of a priority class count the pods of it', async () => {
    const level = { kind: 'PriorityClass', apiVersion: 'scheduling.k8s.io/v1', metadata: { name: 'high' }, value: 5 };
    await scratch.service('scheduling.k8s.io/v1/priorityclasses').create({}, bodyOf(level), asks());
    const requirement = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
    await bound({ hard: { pods: '1' }, scopeSelector: { matchExpressions: [requirement] } });
    await create('pods', podOf('low'));
    await create('pods', podOf('high', {}, { priorityClassName: 'high' }));
    expect(await used()).toEqual({ pods: '1' });
    const another = create('pods', podOf('higher', {}, { priorityClassName: 'high' }));
    await expect(another).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});
