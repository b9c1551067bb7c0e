import { HookBench, hookPatch, hookRule, hookSetUpMsMax } from '../../../test/support/hooks.ts';
import { asks, bodyOf, deletes } from '../../../test/support/registry.ts';
import type { V1ConfigMap, V1Deployment, V1Pod, V1Scale } from '../../api/gen/types.ts';

describe('mutating webhooks', () => {
  let bench: HookBench;

  beforeAll(async () => {
    bench = await HookBench.open();
  }, hookSetUpMsMax);
  afterAll(() => bench.close());

  beforeEach(() => bench.begin());
  afterEach(() => bench.registry.close());

  it('changes objects one after the other, asks again who wishes to, and completes what was added', async () => {
    bench.answers = {
      '/1': hookPatch({ op: 'add', path: '/spec/initContainers', value: [{ name: 'i', image: 'i' }] }),
      '/2': hookPatch({ op: 'add', path: '/metadata/labels', value: { seen: 'yes' } }),
    };
    const pods = [hookRule({ resources: ['pods'] })];
    const [one, two] = [
      bench.hook('1', { rules: pods, reinvocationPolicy: 'IfNeeded' }),
      bench.hook('2', { rules: pods }),
    ];
    await bench.configure('Mutating', one, two);
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const { object } = await bench.registry.service('pods').create({ namespace: 'x' }, bodyOf(pod), asks());
    const { spec, metadata } = object as V1Pod;
    expect(metadata?.labels).toEqual({ seen: 'yes' });
    const added = spec?.initContainers?.[0];
    expect(added).toMatchObject({ name: 'i', terminationMessagePolicy: 'File', imagePullPolicy: 'Always' });
    expect(bench.asked.map(({ path }) => path)).toEqual(['/1', '/2', '/1']);
  });

  it('drops fields that the kind does not have, and refuses patches that fail', async () => {
    bench.answers = {
      '/m': hookPatch({ op: 'add', path: '/wrong', value: 1 }, { op: 'add', path: '/data/b', value: '2' }),
    };
    await bench.configure('Mutating', bench.hook('m'));
    const { object } = await bench.create('a', { a: '1' });
    expect((object as V1ConfigMap).data).toEqual({ a: '1', b: '2' });
    expect(object).not.toHaveProperty('wrong');
    bench.answers = { '/m': hookPatch({ op: 'remove', path: '/nowhere' }) };
    await expect(bench.create('b')).rejects.toMatchObject({ code: 500 });
    bench.answers = { '/m': hookPatch({ op: 'add', path: '/data', value: {} }) };
    const gone = bench.registry.service('configmaps').delete({ namespace: 'x', name: 'a' }, deletes());
    await expect(gone).rejects.toMatchObject({ message: expect.stringContaining('attempted to modify the object') });
  });

  it('changes how far things are scaled', async () => {
    const deployment = {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    const service = bench.registry.service('apps/v1/deployments');
    await service.create({ namespace: 'x' }, bodyOf(deployment), asks());
    await bench.configure(
      'Mutating',
      bench.hook('s', { rules: [hookRule({ apiGroups: ['apps'], resources: ['deployments/scale'] })] }),
    );
    const scaled = async (replicas: number) => {
      const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'd' }, spec: { replicas } };
      const { document } = await service.update(
        { namespace: 'x', name: 'd' },
        bodyOf(scale),
        asks({ subresource: 'scale' }),
      );
      return (document.object as V1Scale).spec?.replicas;
    };
    bench.answers = { '/s': hookPatch({ op: 'replace', path: '/spec/replicas', value: 5 }) };
    expect(await scaled(9)).toBe(5);
    const stored = await service.get({ namespace: 'x', name: 'd' });
    expect((stored.object as V1Deployment).spec?.replicas).toBe(5);
    bench.answers = { '/s': hookPatch({ op: 'replace', path: '/spec/replicas', value: -1 }) };
    await expect(scaled(2)).rejects.toMatchObject({ code: 422 });
    bench.answers = { '/s': hookPatch({ op: 'remove', path: '/nowhere' }) };
    await expect(scaled(2)).rejects.toMatchObject({ code: 500 });
  });
});
