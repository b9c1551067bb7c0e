import { makeNode } from '../../../test/support/make-node.ts';
import { clusterOf, withSpec } from '../../../test/support/placement.ts';
import { attached, claim, csiNode, podWithClaims } from '../../../test/support/volumes.ts';
import { SchedulerCore } from '../scheduler-core.ts';

const nodes = [makeNode('n1').zone('a').build(), makeNode('n2').zone('b').build()];
const image = 'registry.example/app:1';
const imageBytes = 900 * 2 ** 20;

describe('a class of pods with volumes', () => {
  const begin = () => {
    const cluster = clusterOf(nodes, []);
    for (const name of ['c', 'd']) cluster.volumes.setClaim(`default/${name}`, claim(name, { volumeName: name }));
    for (const name of ['c', 'd']) cluster.volumes.setVolume(name, attached(name));
    return cluster;
  };

  it('sees all changes of what else its score rests on', () => {
    const cluster = begin();
    // As in a cluster that has lived for a while.
    for (let at = 0; at < 1000; at++) cluster.volumes.setClaim('default/d', claim('d'));
    const newcomer = podWithClaims('p', 'c');
    const wants = withSpec(newcomer, { containers: [{ ...newcomer.spec!.containers[0]!, image }] });
    const core = new SchedulerCore(cluster);
    const info = cluster.read(wants);
    const has = (name: string) => makeNode(name).zone('a').image(image, imageBytes).build();
    cluster.setNode(has('n1'));
    const before = core.decide(info);
    cluster.setNode(has('n3'));
    cluster.setNode(has('n4'));
    expect(core.decide(info)).not.toEqual(before);
    const chosen = core.views.of(info).choose(info.seed);
    expect(chosen).toEqual(new SchedulerCore(cluster).views.of(info).choose(info.seed));
    const n1 = cluster.table.slotOf('n1')!;
    const points = new Float32Array(16);
    core.views.of(info).pointsOf(n1, points, 0);
    const afresh = new Float32Array(16);
    const other = new SchedulerCore(cluster).views.of(info);
    other.choose(info.seed);
    other.pointsOf(n1, afresh, 0);
    expect(points).toEqual(afresh);
  });

  it('is judged anew when limits change, and not when they are said again', () => {
    const cluster = begin();
    const core = new SchedulerCore(cluster);
    const info = cluster.read(podWithClaims('p', 'c'));
    for (const { metadata } of nodes) cluster.volumes.setNode(metadata!.name!, csiNode(metadata!.name!, 1));
    const { version } = cluster.volumes;
    cluster.volumes.setNode('n1', csiNode('n1', 1));
    expect(cluster.volumes.version).toBe(version);
    expect(core.decide(info).kind).toBe('node');
    for (const { metadata } of nodes) cluster.volumes.setNode(metadata!.name!, csiNode(metadata!.name!, 0));
    expect(core.decide(info).kind).toBe('unschedulable');
    for (const { metadata } of nodes) cluster.volumes.setNode(metadata!.name!, undefined);
    expect(core.decide(info).kind).toBe('node');
  });

  it('is judged anew when a claim for one pod is taken, and when it is free again', () => {
    const cluster = begin();
    cluster.volumes.setClaim('default/c', claim('c', { volumeName: 'c', accessModes: ['ReadWriteOncePod'] }));
    const core = new SchedulerCore(cluster);
    const [first, second] = ['p', 'q'].map((name) => cluster.read(podWithClaims(name, 'c')));
    expect(core.decide(second!).kind).toBe('node');
    cluster.place(first!, 'n1');
    expect(core.decide(second!).kind).toBe('unschedulable');
    cluster.displace(first!.uid);
    expect(core.decide(second!).kind).toBe('node');
  });
});
