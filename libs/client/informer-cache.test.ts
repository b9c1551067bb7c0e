import { makePod } from '../../test/support/make-pod.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { seededRandom } from '../base/random.ts';
import { IndexedCache } from './informer-cache.ts';

const nodeOf = (pod: V1Pod) => pod.spec?.nodeName || undefined;
const labelsOf = (pod: V1Pod) => Object.values(pod.metadata?.labels ?? {});

/** Compares what the indexes answer with a look at all objects. */
function check(cache: IndexedCache<V1Pod>, objects: ReadonlyMap<string, V1Pod>): void {
  const sameAs = (answer: readonly V1Pod[], isMeant: (pod: V1Pod) => boolean) =>
    expect(new Set(answer)).toEqual(new Set([...objects.values()].filter(isMeant)));
  expect(cache.size).toBe(objects.size);
  for (const node of ['n1', 'n2', '']) sameAs(cache.byIndex('node', node), (pod) => nodeOf(pod) === node);
  for (const label of ['p', 'q']) sameAs(cache.byIndex('label', label), (pod) => labelsOf(pod).includes(label));
  for (const namespace of ['x', 'y', 'z']) {
    sameAs(cache.inNamespace(namespace), (pod) => pod.metadata?.namespace === namespace);
    expect(cache.countInNamespace(namespace)).toBe(cache.inNamespace(namespace).length);
  }
}

describe('IndexedCache', () => {
  it('answers from its indexes what a look at all objects would', () => {
    const random = seededRandom(7);
    const pick = (names: readonly string[]) => names[Math.floor(random.next() * names.length)]!;
    const cache = new IndexedCache<V1Pod>();
    const objects = new Map<string, V1Pod>();
    cache.addIndex('node', nodeOf);
    for (let step = 1; step <= 1_000; step++) {
      const [namespace, name] = [pick(['x', 'y']), pick(['a', 'b', 'c', 'd', 'e'])];
      const key = `${namespace}/${name}`;
      if (random.next() < 0.2) {
        expect(cache.remove(key)).toBe(objects.get(key));
        objects.delete(key);
      } else {
        const labels = { one: pick(['p', 'q']), two: pick(['p', 'r']) };
        const pod: V1Pod = {
          ...makePod(name)
            .on(pick(['', 'n1', 'n2']))
            .build(),
          metadata: { namespace, name, labels },
        };
        expect(cache.put(key, pod)).toBe(objects.get(key));
        objects.set(key, pod);
      }
      // These two come when objects stand there already.
      if (step === 200) cache.addIndex('label', labelsOf);
      if (step >= 200 && step % 50 === 0) check(cache, objects);
    }
  });

  it('refuses to answer from an index that it does not have', () => {
    expect(() => new IndexedCache().byIndex('nothing', 'x')).toThrow('no index nothing');
  });
});
