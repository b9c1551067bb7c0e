import { makePod } from '../../../test/support/make-pod.ts';
import { clusterOf } from '../../../test/support/placement.ts';
import { threeNodes } from '../../../test/support/placement-table.ts';
import { SchedulerCore } from '../scheduler-core.ts';

describe('node name', () => {
  it.each([
    ['n2', 'n2'],
    ['gone', "0/3 nodes are available: 3 node(s) didn't match the requested node name."],
  ])('keeps a pod that is pinned to %s there', (nodeName, expected) => {
    const cluster = clusterOf(threeNodes, []);
    const info = cluster.read(makePod('p').on(nodeName).build(), true);
    const decision = new SchedulerCore(cluster).decide(info);
    expect(decision.kind === 'node' ? decision.nodeName : decision.message).toBe(expected);
  });
});
