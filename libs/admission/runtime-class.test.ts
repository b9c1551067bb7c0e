import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod, V1PodSpec, V1Toleration } from '../api/gen/types.ts';

const overhead = { podFixed: { cpu: '250m', memory: '120Mi' } };
const scheduling = {
  nodeSelector: { runtime: 'sandboxed' },
  tolerations: [{ key: 'sandboxed', operator: 'Exists', effect: 'NoSchedule' }],
};
const narrow: V1Toleration = { key: 'sandboxed', operator: 'Equal', value: 'yes', effect: 'NoSchedule' };

describe('pods of a runtime class', () => {
  let scratch: ScratchRegistry;

  beforeAll(async () => {
    scratch = await openScratchRegistry();
    for (const [name, more] of Object.entries({ plain: {}, costly: { overhead }, placed: { scheduling } })) {
      const object = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: 'h', ...more };
      await scratch.service('node.k8s.io/v1/runtimeclasses').create({}, bodyOf(object), asks());
    }
  });

  afterAll(() => scratch.close());

  const create = async (spec: Partial<V1PodSpec>): Promise<V1Pod> => {
    const containers = [{ name: 'c', image: 'i' }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'p-' }, spec: { containers, ...spec } };
    const request = asks();
    return (await scratch.service('pods').create({ namespace: 'x' }, bodyOf(pod), request)).object as V1Pod;
  };
  const tolerated = (pod: V1Pod) => pod.spec?.tolerations?.filter(({ key }) => key === 'sandboxed');

  it.each<[string, Partial<V1PodSpec>, Partial<V1PodSpec>]>([
    ['cost nothing besides when it says nothing', { runtimeClassName: 'plain' }, { runtimeClassName: 'plain' }],
    ['have its overhead', { runtimeClassName: 'costly' }, { overhead: overhead.podFixed }],
    ['may repeat its overhead', { runtimeClassName: 'costly', overhead: overhead.podFixed }, {}],
    ['go where it says', { runtimeClassName: 'placed' }, { nodeSelector: scheduling.nodeSelector }],
    [
      'go where it says and where they say',
      { runtimeClassName: 'placed', nodeSelector: { disk: 'ssd' } },
      { nodeSelector: { disk: 'ssd', runtime: 'sandboxed' } },
    ],
  ])('%s', async (_what, spec, expected) => {
    expect((await create(spec)).spec).toMatchObject(expected);
  });

  it.each<[string, V1Toleration[] | undefined]>([
    ['get its tolerations', undefined],
    ['keep an equal toleration once', scheduling.tolerations],
    ['lose a toleration that is included in its own', [narrow]],
  ])('%s', async (_what, tolerations) => {
    expect(tolerated(await create({ runtimeClassName: 'placed', tolerations }))).toEqual(scheduling.tolerations);
  });

  it.each<[string, Partial<V1PodSpec>, RegExp]>([
    ['it does not exist', { runtimeClassName: 'none' }, /RuntimeClass "none" not found/],
    ['they have another overhead', { runtimeClassName: 'costly', overhead: { cpu: '1' } }, /doesn't match/],
    ['they have an overhead and it has none', { runtimeClassName: 'plain', overhead: { cpu: '1' } }, /Overhead set/],
    ['they have an overhead without a class', { overhead: { cpu: '1' } }, /Overhead set/],
    ['they go elsewhere', { runtimeClassName: 'placed', nodeSelector: { runtime: 'other' } }, /^.*conflict: /],
  ])('are refused when %s', async (_what, spec, message) => {
    await expect(create(spec)).rejects.toMatchObject({ reason: 'Forbidden', message: expect.stringMatching(message) });
  });
});
