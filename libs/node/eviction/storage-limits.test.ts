import type { V1Pod, V1Volume } from '../../api/gen/types.ts';
import { limitsStorage, outgrown } from './storage-limits.ts';

const mi = 2 ** 20;

function pod(limits: Array<string | undefined>, ...volumes: V1Volume[]): V1Pod {
  const containers = limits.map((limit, index) => ({
    name: `c${index}`,
    ...(limit === undefined ? {} : { resources: { limits: { 'ephemeral-storage': limit } } }),
  }));
  return { spec: { containers, volumes } };
}

function withInit({ spec }: V1Pod, limit: string, restartPolicy?: string): V1Pod {
  const init = { name: 'i', restartPolicy, resources: { limits: { 'ephemeral-storage': limit } } };
  return { spec: { containers: [], ...spec, initContainers: [init] } };
}

const scratch = (emptyDir: V1Volume['emptyDir']): V1Volume => ({ name: 'scratch', emptyDir });
const ofScratch = 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ';
const ofAll = `Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. `;
const ofContainer = 'Container c1 exceeded its local ephemeral storage limit "2Mi". ';

describe('limits of what a pod has on disk', () => {
  it.each<[string, V1Pod, boolean, number, string | undefined]>([
    ['a volume within its size', pod([undefined], scratch({ sizeLimit: '1Mi' })), true, mi, undefined],
    ['a volume beyond its size', pod([undefined], scratch({ sizeLimit: '1Mi' })), true, mi + 1, ofScratch],
    ['a volume in memory', pod([undefined], scratch({ sizeLimit: '1Mi', medium: 'Memory' })), false, 9 * mi, undefined],
    ['a volume without a size', pod([undefined], scratch({})), false, 9 * mi, undefined],
    ['all within what containers may write', pod(['1Mi', '2Mi'], scratch({})), true, 3 * mi, undefined],
    ['all beyond what containers may write', pod(['1Mi', '2Mi'], scratch({})), true, 3 * mi + 1, ofAll],
    ['a container that has no limit beside those that have', pod(['1Mi', undefined, '2Mi']), true, 3 * mi + 1, ofAll],
    ['no container with a limit', pod([undefined, undefined], scratch({})), false, 9 * mi, undefined],
    ['a volume of no size, which is not a limit', pod([undefined], scratch({ sizeLimit: '0' })), false, mi, undefined],
    ['a volume of less than no size', pod([undefined], scratch({ sizeLimit: '-1Mi' })), false, mi, undefined],
    ['a sidecar beside its main container', withInit(pod(['1Mi']), '2Mi', 'Always'), true, 3 * mi, undefined],
    ['a sidecar and its main container too large', withInit(pod(['1Mi']), '2Mi', 'Always'), true, 3 * mi + 1, ofAll],
    ['an init container with a larger limit', withInit(pod(['1Mi']), '3Mi'), true, 3 * mi, undefined],
    ['an init container beyond its larger limit', withInit(pod(['1Mi']), '3Mi'), true, 3 * mi + 1, ofAll],
    ['an init container with a smaller limit', withInit(pod(['3Mi']), '1Mi'), true, 3 * mi + 1, ofAll],
  ])('%s', (_, one, limited, usedBytes, message) => {
    expect(limitsStorage(one)).toBe(limited);
    expect(
      outgrown(one, { volumes: new Map([['scratch', usedBytes]]), containers: new Map(), totalBytes: usedBytes }),
    ).toBe(message);
  });

  it.each<[string, V1Pod, Array<[string, number]>, string | undefined]>([
    [
      'all within theirs',
      pod(['1Mi', '2Mi']),
      [
        ['c0', mi],
        ['c1', 2 * mi],
      ],
      undefined,
    ],
    ['one beyond its own, and the pod within its', pod(['1Mi', '2Mi']), [['c1', 2 * mi + 1]], ofContainer],
    ['both beyond: the pod is named', pod(['1Mi', '2Mi']), [['c1', 4 * mi]], ofAll],
    ['a limit of nothing, which is none', pod(['0', '2Mi']), [['c0', mi]], undefined],
    ['a container without a limit', pod([undefined, '2Mi']), [['c0', mi]], undefined],
  ])('of each container: %s', (_, one, used, message) => {
    const totalBytes = used.reduce((sum, [, bytes]) => sum + bytes, 0);
    expect(outgrown(one, { volumes: new Map(), containers: new Map(used), totalBytes })).toBe(message);
  });
});
