import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { clusterOf, withSpec } from '../../test/support/placement.ts';
import { SchedulerCore } from './scheduler-core.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution' as const;

describe('Cluster', () => {
  it('forgets the rules of workloads that are gone', () => {
    const cluster = clusterOf([makeNode('n1').zone('a').build()], []);
    const core = new SchedulerCore(cluster);
    for (let at = 0; at < 3000; at++) {
      const labels = { app: `app-${at}` };
      const rule = { labelSelector: { matchLabels: labels }, topologyKey: 'topology.kubernetes.io/zone' };
      const pod = makePod(`p${at}`).labels(labels).build();
      const info = cluster.read(withSpec(pod, { affinity: { podAntiAffinity: { [required]: [rule] } } }));
      const decision = core.decide(info);
      expect(decision.kind).toBe('node');
      cluster.place(info, 'n1');
      cluster.displace(info.uid);
      cluster.forget(info);
    }
    expect(cluster.classes.termCount).toBeLessThan(1100);
  });

  it('keeps counting for a workload that stays while others come and go', () => {
    const cluster = clusterOf([makeNode('n1').build()], []);
    const core = new SchedulerCore(cluster);
    const rule = { labelSelector: { matchLabels: { app: 'lonely' } }, topologyKey: 'kubernetes.io/hostname' };
    const lonely = (name: string) =>
      withSpec(makePod(name).labels({ app: 'lonely' }).build(), {
        affinity: { podAntiAffinity: { [required]: [rule] } },
      });
    cluster.place(cluster.read(lonely('first')), 'n1');
    for (let at = 0; at < 1500; at++)
      cluster.forget(
        cluster.read(
          makePod(`p${at}`)
            .requests(`${at + 1}m`, '1Mi')
            .build(),
        ),
      );
    const decision = core.decide(cluster.read(lonely('second')));
    expect(decision).toMatchObject({
      message: "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
    });
  });

  it('keeps pods of a node that is not known yet, and counts them once it is', () => {
    const cluster = clusterOf([], [withSpec(makePod('early').requests('4', '1Gi').build(), { nodeName: 'n1' })]);
    const core = new SchedulerCore(cluster);
    const info = cluster.read(makePod('late').requests('1', '1Gi').build());
    expect(core.decide(info)).toMatchObject({ message: 'no nodes available to schedule pods' });
    cluster.setNode(makeNode('n1').build());
    expect(core.decide(info)).toMatchObject({ message: '0/1 nodes are available: 1 Insufficient cpu.' });
    cluster.removeNode('n1');
    cluster.setNode(makeNode('n1').allocatable({ cpu: '8' }).build());
    expect(core.decide(info)).toMatchObject({ nodeName: 'n1' });
  });
});
