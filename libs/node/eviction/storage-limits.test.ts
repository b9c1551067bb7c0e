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

const scratch = (emptyDir: V1Volume['emptyDir']): V1Volume => ({ name: 'scratch', emptyDir });
const ofScratch = 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ';
const ofAll = `Pod ephemeral local storage usage exceeds the total limit of containers ${3 * mi}. `;

describe('limits of what a pod has on disk', () => {
  it.each<[string, V1Pod, boolean, number, string | undefined]>([
    ['a volume within its size', pod([undefined], scratch({ sizeLimit: '1Mi' })), true, mi, undefined],
    ['a volume beyond its size', pod([undefined], scratch({ sizeLimit: '1Mi' })), true, mi + 1, ofScratch],
    ['a volume in memory', pod([undefined], scratch({ sizeLimit: '1Mi', medium: 'Memory' })), false, 9 * mi, undefined],
    ['a volume without a size', pod([undefined], scratch({})), false, 9 * mi, undefined],
    ['all within what containers may write', pod(['1Mi', '2Mi'], scratch({})), true, 3 * mi, undefined],
    ['all beyond what containers may write', pod(['1Mi', '2Mi'], scratch({})), true, 3 * mi + 1, ofAll],
    ['a container without a limit', pod(['1Mi', undefined], scratch({})), false, 9 * mi, undefined],
  ])('%s', (_, one, limited, usedBytes, message) => {
    expect(limitsStorage(one)).toBe(limited);
    expect(outgrown(one, { volumes: new Map([['scratch', usedBytes]]), totalBytes: usedBytes })).toBe(message);
  });
});
