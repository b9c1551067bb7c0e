import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { clusterOf, withSpec } from '../../test/support/placement.ts';
import { explain } from './explain.ts';
import { SchedulerCore } from './scheduler-core.ts';

const running = (name: string, node: string, memory: string) =>
  withSpec(makePod(name).requests('100m', memory).build(), { nodeName: node });

describe('explain', () => {
  it('names the winner, its points and the runners-up', () => {
    const cluster = clusterOf([makeNode('n1').build(), makeNode('n2').build()], [running('a', 'n1', '4Gi')]);
    const core = new SchedulerCore(cluster);
    const { best, refused } = explain(cluster.read(makePod('p').requests('1', '1Gi').build()), core, cluster);
    expect(best.map(({ name }) => name)).toEqual(['n2', 'n1']);
    expect(best[0]!.total).toBeGreaterThan(best[1]!.total);
    expect(Object.keys(best[0]!.points)).toEqual(expect.arrayContaining(['NodeResourcesFit', 'TaintToleration']));
    expect(refused).toEqual([]);
  });

  it('tells each node that is short, by how much, and what would help', () => {
    const nodes = [
      makeNode('n1').allocatable({ memory: '1Gi' }).build(),
      makeNode('n2').allocatable({ memory: '2Gi' }).build(),
      makeNode('n3').taint('k', 'v', 'NoSchedule').build(),
    ];
    const cluster = clusterOf(nodes, [running('a', 'n1', '692Mi'), running('b', 'n2', '1844Mi')]);
    const core = new SchedulerCore(cluster);
    const { best, refused, remedy } = explain(cluster.read(makePod('p').requests('1', '512Mi').build()), core, cluster);
    expect(best).toEqual([]);
    expect(refused).toEqual([
      {
        plugin: 'NodeResourcesFit',
        reason: 'Insufficient memory',
        isResolvable: true,
        count: 2,
        examples: ['n1: memory 180Mi short of 512Mi', 'n2: memory 308Mi short of 512Mi'],
      },
      {
        plugin: 'TaintToleration',
        reason: 'node(s) had untolerated taint {k: v}',
        isResolvable: false,
        count: 1,
        examples: ['n3'],
      },
    ]);
    expect(remedy).toBe('with 180Mi less memory it would fit on n1');
  });
});
