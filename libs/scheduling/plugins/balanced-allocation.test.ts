import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { place } from '../../../test/support/placement.ts';
import { running } from '../../../test/support/placement-table.ts';

const nodes = [
  makeNode('even').allocatable({ cpu: '4', memory: '4Gi' }).build(),
  makeNode('lopsided').allocatable({ cpu: '4', memory: '40Gi' }).build(),
];

describe('balance', () => {
  it.each([
    ['like shares of CPU and memory are best', '1', '1Gi', 'even', 100],
    ['shares that lie apart are worse by half their distance', '2', '4Gi', 'lopsided', 80],
  ])('%s', (_name, cpu, memory, node, points) => {
    const pod = makePod('p').requests(cpu, memory).build();
    expect(place(nodes, [], pod).scores(node).get('NodeResourcesBalancedAllocation')).toBeCloseTo(points);
  });

  it('counts what runs already', () => {
    const others = [
      running('a', 'even', {}, { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '2' } } }] }),
    ];
    const scores = place(nodes, others, makePod('p').requests('1', '1Gi').build()).scores('even');
    // 3 of 4 CPUs; 1 GiB and the 200 MiB that pods without a request are taken to need, of 4 GiB.
    expect(scores.get('NodeResourcesBalancedAllocation')).toBeCloseTo(100 * (1 - (0.75 - (1024 + 200) / 4096) / 2));
  });
});
