import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { place } from '../../../test/support/placement.ts';
import { running } from '../../../test/support/placement-table.ts';

const nodes = [
  makeNode('even').allocatable({ cpu: '4', memory: '4Gi' }).build(),
  makeNode('lopsided').allocatable({ cpu: '4', memory: '40Gi' }).build(),
  makeNode('bare').allocatable({ cpu: '0', memory: '4Gi' }).build(),
];
const asking = (requests: Record<string, string>) => ({
  containers: [{ name: 'c', image: 'x', resources: { requests } }],
});
const points = (
  node: string,
  pod = makePod('p').requests('1', '1Gi').build(),
  others = [] as ReturnType<typeof running>[],
) => place(nodes, others, pod).scores(node).get('NodeResourcesBalancedAllocation');

describe('balance', () => {
  it.each([
    ['a pod that leaves it as it is', 'even', '1', '1Gi', 75],
    ['shares that drift apart cost a quarter of their distance', 'lopsided', '2', '4Gi', 75 - 25 * (0.5 - 0.1)],
    ['a node without CPUs has no balance to lose', 'bare', '1', '1Gi', 75],
  ])('%s', (_name, node, cpu, memory, want) => {
    expect(points(node, makePod('p').requests(cpu, memory).build())).toBeCloseTo(want);
  });

  it('is better where the pod evens out what runs already', () => {
    const others = [running('a', 'even', {}, asking({ cpu: '2' }))];
    // 2 of 4 CPUs and no memory before; all the memory and three CPUs after.
    expect(points('even', makePod('p').requests('1', '4Gi').build(), others)).toBeCloseTo(75 + 25 * (0.5 - 0.25));
  });

  it('is nothing to pods that ask for neither', () => {
    const none = { ...makePod('p').build(), spec: { containers: [{ name: 'c', image: 'x' }] } };
    expect(points('even', none)).toBeUndefined();
  });
});
