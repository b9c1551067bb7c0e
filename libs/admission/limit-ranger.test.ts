import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1LimitRangeItem, V1Pod } from '../api/gen/types.ts';

const podOf = (resources: object, spec: object = {}) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec },
});

const claimOf = (storage: string) => ({
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  metadata: { name: 'p' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});

describe('limit ranges', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  const create = (plural: string, object: object) =>
    scratch.service(plural).create({ namespace: 'x' }, bodyOf(object), asks());
  const limit = (...limits: V1LimitRangeItem[]) =>
    create('limitranges', { kind: 'LimitRange', apiVersion: 'v1', metadata: { name: 'l' }, spec: { limits } });

  it('give containers what they do not say, and note it', async () => {
    await limit({
      type: 'Container',
      default: { cpu: '500m', memory: '1Gi' },
      defaultRequest: { cpu: '100m', memory: '512Mi' },
    });
    const init = { name: 'i', image: 'i', resources: { limits: { cpu: '1', memory: '1Gi' } } };
    const created = await create('pods', podOf({ requests: { memory: '64Mi' } }, { initContainers: [init] }));
    const { metadata, spec } = created.object as V1Pod;
    expect(spec?.containers[0]?.resources).toEqual({
      limits: { cpu: '500m', memory: '1Gi' },
      requests: { cpu: '100m', memory: '64Mi' },
    });
    expect(spec?.initContainers?.[0]?.resources?.requests).toEqual({ cpu: '1', memory: '1Gi' });
    expect(metadata?.annotations?.['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu request for container c; cpu, memory limit for container c',
    );
  });

  const container = 'Container';
  const cases: Array<{ name: string; item: V1LimitRangeItem; object: object; message?: string }> = [
    {
      name: 'let pass what is in range',
      item: { type: container, min: { cpu: '100m' }, max: { cpu: '1' } },
      object: podOf({ requests: { cpu: '100m' }, limits: { cpu: '1' } }),
    },
    {
      name: 'refuse requests below the minimum',
      item: { type: container, min: { cpu: '100m' } },
      object: podOf({ requests: { cpu: '50m' } }),
      message: 'minimum cpu usage per Container is 100m, but request is 50m',
    },
    {
      name: 'refuse limits above the maximum',
      item: { type: container, max: { memory: '1Gi' } },
      object: podOf({ requests: { memory: '1Gi' }, limits: { memory: '2Gi' } }),
      message: 'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    },
    {
      name: 'refuse limits far above requests',
      item: { type: container, maxLimitRequestRatio: { cpu: '2' } },
      object: podOf({ requests: { cpu: '100m' }, limits: { cpu: '300m' } }),
      message: 'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    },
    {
      name: 'refuse a ratio without a request',
      item: { type: container, maxLimitRequestRatio: { cpu: '2' } },
      object: podOf({}),
      message: 'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
    },
    {
      name: 'judge a pod by its containers together',
      item: { type: 'Pod', max: { cpu: '1' } },
      object: podOf(
        { limits: { cpu: '600m' } },
        {
          initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always', resources: { limits: { cpu: '500m' } } }],
        },
      ),
      message: 'maximum cpu usage per Pod is 1, but limit is 1100m',
    },
    {
      name: 'refuse a pod that does not limit what is limited',
      item: { type: 'Pod', max: { cpu: '1' }, min: { memory: '1Mi' } },
      object: podOf({}),
      message:
        '[minimum memory usage per Pod is 1Mi.  No request is specified, ' +
        'maximum cpu usage per Pod is 1.  No limit is specified]',
    },
    {
      name: 'refuse claims that are too large',
      item: { type: 'PersistentVolumeClaim', max: { storage: '2Gi' } },
      object: claimOf('3Gi'),
      message: 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    },
    {
      name: 'refuse claims that are too small',
      item: { type: 'PersistentVolumeClaim', min: { storage: '2Gi' } },
      object: claimOf('1Gi'),
      message: 'minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi',
    },
  ];
  it.each(cases)('$name', async ({ item, object, message }) => {
    await limit(item);
    const plural = 'accessModes' in (object as V1Pod).spec! ? 'persistentvolumeclaims' : 'pods';
    const created = create(plural, object);
    if (message === undefined) await created;
    else {
      const expected = { reason: 'Forbidden', message: `${plural} "p" is forbidden: ${message}` };
      await expect(created).rejects.toMatchObject(expected);
    }
  });
});
