import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Ingress, V1PersistentVolumeClaim, V1Pod } from '../api/gen/types.ts';
import { systemClock } from '../base/clock.ts';
import { PodBinder } from '../registry/binder.ts';

describe('what objects get by default', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  const create = async <T>(path: string, object: object): Promise<T> => {
    const at = /classes$|nodes$/.test(path) ? {} : { namespace: 'x' };
    return (await scratch.service(path).create(at, bodyOf(object), asks())).object as T;
  };
  const storageClass = (name: string, more: object = {}, annotations: object = {}) =>
    create('storage.k8s.io/v1/storageclasses', {
      kind: 'StorageClass',
      apiVersion: 'storage.k8s.io/v1',
      metadata: { name, annotations },
      provisioner: 'example.com/p',
      ...more,
    });
  const claim = (name: string, more: object = {}) => ({
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
  });

  it('is the default storage class for claims that name none', async () => {
    const create1 = () => create<V1PersistentVolumeClaim>('persistentvolumeclaims', claim('before'));
    expect((await create1()).spec?.storageClassName).toBeUndefined();
    const mark = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await storageClass('slow');
    await storageClass('b', {}, mark);
    await storageClass('a', {}, mark);
    const given = await create<V1PersistentVolumeClaim>('persistentvolumeclaims', claim('given'));
    expect(['a', 'b']).toContain(given.spec?.storageClassName);
    const none = await create<V1PersistentVolumeClaim>(
      'persistentvolumeclaims',
      claim('none', { storageClassName: '' }),
    );
    expect(none.spec?.storageClassName).toBe('');
  });

  it('is the default ingress class for ingresses that name none', async () => {
    await create('networking.k8s.io/v1/ingressclasses', {
      kind: 'IngressClass',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: 'edge', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      spec: { controller: 'example.com/c' },
    });
    const backend = { service: { name: 's', port: { number: 80 } } };
    const body = { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1', spec: { defaultBackend: backend } };
    const path = 'networking.k8s.io/v1/ingresses';
    const given = await create<V1Ingress>(path, { ...body, metadata: { name: 'i' } });
    expect(given.spec?.ingressClassName).toBe('edge');
    const annotations = { 'kubernetes.io/ingress.class': 'other' };
    const other = await create<V1Ingress>(path, { ...body, metadata: { name: 'o', annotations } });
    expect(other.spec?.ingressClassName).toBeUndefined();
  });

  const growths: Array<{ name: string; expands: boolean; phase: string; reason?: string; message?: unknown }> = [
    { name: 'grow where their class lets them', expands: true, phase: 'Bound' },
    {
      name: 'not grow before they are bound',
      expands: true,
      phase: 'Pending',
      reason: 'Invalid',
      message: expect.stringContaining('spec'),
    },
    {
      name: 'not grow where their class does not let them',
      expands: false,
      phase: 'Bound',
      message:
        'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the ' +
        'storageclass that provisions the pvc must support resize',
    },
  ];
  it.each(growths)('lets claims $name', async ({ expands, phase, reason = 'Forbidden', message }) => {
    await storageClass('s', { allowVolumeExpansion: expands });
    const spec = { storageClassName: 's', volumeName: 'v' };
    await create('persistentvolumeclaims', claim('c', spec));
    const service = scratch.service('persistentvolumeclaims');
    const at = { namespace: 'x', name: 'c' };
    const status = { phase, accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
    const bound = { ...claim('c', spec), status };
    await service.update(at, bodyOf(bound), asks({ subresource: 'status' }));
    const larger = claim('c', { ...spec, resources: { requests: { storage: '2Gi' } } });
    const update = service.update(at, bodyOf(larger), asks());
    if (message === undefined) await update;
    else await expect(update).rejects.toMatchObject({ reason, message });
  });

  it('is the zone and region of its node for a pod', async () => {
    const labels = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r', other: 'o' };
    await create('nodes', { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n', labels } });
    const pod = (name: string, more: object) => ({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name, labels: { own: 'l' } },
      spec: { containers: [{ name: 'c', image: 'i' }], ...more },
    });
    const place = { own: 'l', 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r' };
    const placed = await create<V1Pod>('pods', pod('placed', { nodeName: 'n' }));
    expect(placed.metadata?.labels).toEqual(place);
    await create('pods', pod('bound', {}));
    const { mirror, registry } = scratch;
    const binder = new PodBinder({ mirror, writer: registry.writer, clock: systemClock });
    expect(await binder.bindAll([{ namespace: 'x', name: 'bound', nodeName: 'n' }])).toEqual([undefined]);
    const bound = (await scratch.service('pods').get({ namespace: 'x', name: 'bound' })).object;
    expect(bound.metadata?.labels).toEqual(place);
  });
});
