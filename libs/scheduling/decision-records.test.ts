import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { clusterOf, withSpec } from '../../test/support/placement.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { DecisionRecords } from './decision-records.ts';
import { SchedulerCore } from './scheduler-core.ts';

const running = (name: string, node: string, memory: string) =>
  withSpec(makePod(name).requests('100m', memory).build(), { nodeName: node });

function begin(recordsMax?: number) {
  const nodes = [
    makeNode('n1').zone('a').build(),
    makeNode('n2').zone('a').allocatable({ memory: '1Gi' }).build(),
    makeNode('n3').zone('b').taint('k', 'v', 'NoSchedule').build(),
  ];
  const cluster = clusterOf(nodes, [running('a', 'n2', '692Mi')]);
  const core = new SchedulerCore(cluster);
  const records = new DecisionRecords(cluster, recordsMax);
  const decide = (pod: V1Pod) => {
    const info = cluster.read(pod);
    const decision = core.decide(info);
    const ticket = records.keep({ info, atMs: 1_000_000, durationMs: 0.0042, attempts: 2 }, decision, core.lastView!);
    if (decision.kind === 'node') cluster.place(info, decision.nodeName);
    return { ticket, decision };
  };
  return { cluster, core, records, decide };
}

const pod = (name: string, memory = '512Mi') =>
  withSpec(makePod(name).requests('1', memory).build(), { schedulerName: 'default-scheduler' });

const identityOf = (name: string) => pod(name).metadata!;

describe('a kept decision', () => {
  it('has the winner, its points that add up, the runner-up, and who refused with the numbers of that moment', () => {
    const { cluster, records, decide } = begin();
    const { ticket } = decide(pod('p', '256Mi'));
    const kept = records.of(identityOf('p'))!;
    expect(kept).toMatchObject({
      pod: 'default/p',
      schedulerName: 'default-scheduler',
      decidedAt: '1970-01-01T00:16:40.000000Z',
      attempts: 2,
      microseconds: 4,
      nodes: 3,
      outcome: 'placed',
      node: 'n1',
      runnerUp: { name: 'n2' },
      refused: [{ plugin: 'TaintToleration', count: 1, examples: ['n3'] }],
    });
    expect(Object.values(kept.points!).reduce((sum, each) => sum + each)).toBeCloseTo(kept.total!, 2);
    expect(kept.margin).toBeCloseTo(kept.total! - kept.runnerUp!.total);
    records.note(ticket, { outcome: 'bound' });
    cluster.removeNode('n1');
    expect(records.of(identityOf('p'))).toMatchObject({ outcome: 'bound', node: 'n1', nodes: 3 });
  });

  it('says what was missing then, whatever is free by now', () => {
    const { cluster, records, decide } = begin();
    decide(pod('p', '512Mi'));
    const lack = { plugin: 'NodeResourcesFit', examples: ['n2: memory 180Mi short of 512Mi'] };
    expect(records.of(identityOf('p'))?.refused).toContainEqual(expect.objectContaining(lack));
    cluster.displace('uid-a');
    expect(records.of(identityOf('p'))?.refused).toContainEqual(expect.objectContaining(lack));
    decide(pod('q', '512Mi'));
    expect(records.of(identityOf('q'))?.refused).toHaveLength(1);
  });

  it('has the reasons that keep most nodes out, when there are many', () => {
    const { cluster, records, decide } = begin();
    const taint = (name: string, key: string) => cluster.setNode(makeNode(name).taint(key, 'v', 'NoSchedule').build());
    for (let at = 0; at < 10; at++) taint(`t${at}`, `key-${at}`);
    for (const name of ['u1', 'u2', 'u3', 'u4', 'u5']) taint(name, 'last');
    decide(pod('p', '512Mi'));
    const { refused } = records.of(identityOf('p'))!;
    expect(refused).toHaveLength(8);
    expect(refused[0]).toEqual({
      plugin: 'TaintToleration',
      reason: 'node(s) had untolerated taint {last: v}',
      isResolvable: false,
      count: 5,
      examples: ['u2', 'u3', 'u4', 'u5'],
    });
  });

  it('names no node that came later in the place of one that is gone', () => {
    const { cluster, records, decide } = begin();
    decide(pod('p', '256Mi'));
    const refused = () => records.of(identityOf('p'))!.refused;
    const [before] = refused();
    cluster.removeNode('n3');
    expect(refused()).toEqual([before]);
    cluster.setNode(makeNode('n4').build());
    expect(refused()).toEqual([{ ...before, examples: [] }]);
  });

  it('has the numbers of as many nodes as there is room for, and the names of the others', () => {
    const { cluster, records, decide } = begin();
    const extra = Array.from({ length: 20 }, (_, at) => `example.com/r${at}`);
    const requests = Object.fromEntries(extra.map((name) => [name, '1']));
    cluster.setNode(makeNode('n5').build());
    const wanting = withSpec(makePod('p').build(), {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'main', image: 'registry.example/pause:1', resources: { requests } }],
    });
    decide(wanting);
    const { refused } = records.of(identityOf('p'))!;
    const { examples } = refused.find(({ plugin }) => plugin === 'NodeResourcesFit')!;
    expect(examples).toHaveLength(3);
    expect(examples[0]).toMatch(/: example\.com\/r0 1 short of 1,.* example\.com\/r19 1 short of 1$/);
    expect(examples.slice(1).join()).not.toMatch(/short/);
  });

  it('names the zones that were refused as a whole', () => {
    const { records, decide } = begin();
    const spread = (name: string) =>
      withSpec(makePod(name).labels({ app: 'x' }).requests('1', '64Mi').build(), {
        tolerations: [{ operator: 'Exists' }],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'topology.kubernetes.io/zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'x' } },
          },
        ],
      });
    const first = decide(spread('p')).decision;
    decide(spread('q'));
    const zoneOfFirst = first.kind === 'node' && first.nodeName !== 'n3' ? 2 : 1;
    expect(records.of(identityOf('q'))?.refused).toEqual([
      expect.objectContaining({ plugin: 'PodTopologySpread', count: zoneOfFirst }),
    ]);
  });

  it('tells why a pod waits and whom it drives out', () => {
    const { records, decide } = begin();
    const { ticket } = decide(pod('p', '100Gi'));
    expect(records.of(identityOf('p'))).toMatchObject({
      outcome: 'unschedulable',
      message: expect.stringMatching(/^0\/3 nodes are available/),
    });
    expect(records.of(identityOf('p'))).not.toHaveProperty('node');
    records.note(ticket, { outcome: 'preempting', victims: ['default/a'] });
    expect(records.of(identityOf('p'))).toMatchObject({ outcome: 'preempting', victims: ['default/a'] });
  });

  it('is written over by newer ones, so that no more than so many are kept', () => {
    const { records, decide } = begin(3);
    const tickets = ['p', 'q', 'r', 's'].map((name) => decide(pod(name, '1Mi')).ticket);
    expect(['p', 'q', 'r', 's'].map((name) => records.of(identityOf(name))?.pod)).toEqual([
      undefined,
      'default/q',
      'default/r',
      'default/s',
    ]);
    records.note(tickets[0]!, { outcome: 'lost' });
    expect(records.of(identityOf('s'))?.outcome).toBe('placed');
  });

  it('is the last one of a pod that was decided about again', () => {
    const { cluster, records, decide } = begin();
    decide(pod('p', '100Gi'));
    cluster.setNode(makeNode('huge').allocatable({ memory: '200Gi' }).build());
    decide(pod('p', '100Gi'));
    expect(records.of(identityOf('p'))).toMatchObject({ outcome: 'placed', node: 'huge' });
  });
});
