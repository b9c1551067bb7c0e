import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { clusterOf, withSpec } from '../../../test/support/placement.ts';
import { profilesByName } from '../profiles.ts';
import { SchedulerCore } from '../scheduler-core.ts';
import { readConfiguration } from './read.ts';

const head = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' };
const profile = (fields: object) => ({ ...head, profiles: [fields] });
const config = (name: string, args: object) => profile({ pluginConfig: [{ name, args }] });
const strategy = (scoringStrategy: object) => config('NodeResourcesFit', { scoringStrategy });

describe('readConfiguration', () => {
  it.each([
    ['no mapping', 'x', 'configuration: must be a mapping'],
    ['no version', { kind: head.kind }, 'apiVersion: required'],
    ['another version', { ...head, apiVersion: 'v9' }, 'apiVersion: unknown value "v9"'],
    ['another kind', { ...head, kind: 'Pod' }, 'kind: unknown value "Pod"'],
    ['an unknown field', { ...head, colour: 'red' }, 'colour: unknown field'],
    ['an unknown field of a profile', profile({ colour: 'red' }), 'profiles[0].colour: unknown field'],
    [
      'two profiles of one name',
      { ...head, profiles: [{}, { schedulerName: 'default-scheduler' }] },
      'profiles[1].schedulerName: default-scheduler has a profile already',
    ],
    [
      'an unknown plugin',
      profile({ plugins: { score: { enabled: [{ name: 'Nope' }] } } }),
      'profiles[0].plugins.score.enabled[0].name: unknown plugin "Nope"',
    ],
    ['an unknown extension point', profile({ plugins: { guess: {} } }), 'profiles[0].plugins.guess: unknown field'],
    [
      'a weight that is none',
      profile({ plugins: { score: { enabled: [{ name: 'ImageLocality', weight: 0 }] } } }),
      'profiles[0].plugins.score.enabled[0].weight: invalid value 0',
    ],
    [
      'what cannot be switched off',
      profile({ plugins: { multiPoint: { disabled: [{ name: 'DefaultBinder' }] } } }),
      'profiles[0].plugins.multiPoint.disabled[0].name: DefaultBinder cannot be switched off',
    ],
    [
      'arguments for a plugin that takes none',
      config('NodeName', {}),
      'profiles[0].pluginConfig[0].name: "NodeName" takes no arguments',
    ],
    [
      'an unknown strategy',
      strategy({ type: 'Random' }),
      'profiles[0].pluginConfig[0].args.scoringStrategy.type: unknown value "Random"',
    ],
    [
      'a curve that turns back',
      strategy({
        type: 'RequestedToCapacityRatio',
        requestedToCapacityRatio: {
          shape: [
            { utilization: 50, score: 1 },
            { utilization: 20, score: 2 },
          ],
        },
      }),
      'requestedToCapacityRatio.shape[1].utilization: must be more than that of the point before',
    ],
    [
      'a score beyond the scale',
      strategy({
        type: 'RequestedToCapacityRatio',
        requestedToCapacityRatio: { shape: [{ utilization: 0, score: 11 }] },
      }),
      'shape[0].score: invalid value 11',
    ],
    [
      'default constraints beside those of the system',
      config('PodTopologySpread', {
        defaultConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }],
      }),
      'args.defaultConstraints: only with defaultingType List',
    ],
    [
      'a weight of affinity that is too large',
      config('InterPodAffinity', { hardPodAffinityWeight: 101 }),
      'args.hardPodAffinityWeight: invalid value 101',
    ],
    [
      'an operator that there is not',
      config('NodeAffinity', {
        addedAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }],
          },
        },
      }),
      'matchExpressions[0].operator: unknown value "Like"',
    ],
  ])('refuses %s and names the field', (_name, document, message) => {
    expect(() => readConfiguration(document)).toThrow(message);
  });

  it('passes over what means nothing here', () => {
    const profiles = readConfiguration({
      ...head,
      parallelism: 3,
      clientConnection: { kubeconfig: '/etc/kubernetes/scheduler.conf' },
      leaderElection: { leaderElect: false },
      profiles: [
        { percentageOfNodesToScore: 50, pluginConfig: [{ name: 'VolumeBinding', args: { bindTimeoutSeconds: 9 } }] },
      ],
    });
    expect(profiles.map(({ schedulerName }) => schedulerName)).toEqual(['default-scheduler']);
  });

  it('says nothing of preemption where that is switched off', () => {
    const fields = { plugins: { postFilter: { disabled: [{ name: 'DefaultPreemption' }] } } };
    const cluster = clusterOf([makeNode('n1').build()], []);
    const core = new SchedulerCore(cluster, profilesByName(readConfiguration(profile(fields))));
    const info = cluster.read(makePod('p').requests('99', '1Gi').build());
    expect(core.decide(info)).toMatchObject({ kind: 'unschedulable' });
    expect(core.preemptionNote(info)).toBe('');
  });

  it('has the default profile when none is stated', () => {
    expect(readConfiguration(head)).toMatchObject([{ schedulerName: 'default-scheduler', preempts: true }]);
  });

  it('switches plugins off for all, for one extension point, and weighs them', () => {
    const [{ plugins, preempts } = { plugins: [], preempts: true }] = readConfiguration(
      profile({
        plugins: {
          multiPoint: { disabled: [{ name: 'ImageLocality' }] },
          score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit', weight: 7 }] },
          postFilter: { disabled: [{ name: 'DefaultPreemption' }] },
        },
      }),
    );
    expect(preempts).toBe(false);
    expect(plugins.map(({ plugin }) => plugin.name)).not.toContain('ImageLocality');
    const weights = Object.fromEntries(plugins.map(({ plugin, weight }) => [plugin.name, weight]));
    expect(weights).toMatchObject({ NodeResourcesFit: 7, TaintToleration: 0, NodeAffinity: 0 });
  });
});

const nodes = [makeNode('n1').build(), makeNode('n2').build(), makeNode('n3').labels({ pool: 'a' }).build()];
const running = (name: string, on: string, cpu: string) =>
  withSpec(makePod(name).requests(cpu, '1Gi').build(), { nodeName: on });
const scoreAlone = { score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit' }] } };

function chosen(fields: object, cpu = '1'): string {
  const cluster = clusterOf(nodes, [running('a', 'n1', '2'), running('b', 'n2', '3')]);
  const profiles = readConfiguration(profile({ schedulerName: 'own', ...fields }));
  const core = new SchedulerCore(cluster, profilesByName(profiles));
  const pod = withSpec(makePod('p').requests(cpu, '1Gi').build(), { schedulerName: 'own' });
  const decision = core.decide(cluster.read(pod));
  return decision.kind === 'node' ? decision.nodeName : decision.message;
}

describe('a profile', () => {
  const scored = (scoringStrategy: object) => ({
    plugins: scoreAlone,
    pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy } }],
  });
  it.each([
    ['least', scored({ type: 'LeastAllocated' }), 'n3'],
    ['most', scored({ type: 'MostAllocated' }), 'n2'],
    ['most, of CPU alone', scored({ type: 'MostAllocated', resources: [{ name: 'cpu', weight: 1 }] }), 'n2'],
    [
      'a curve with its top in the middle',
      scored({
        type: 'RequestedToCapacityRatio',
        resources: [{ name: 'cpu' }],
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: 0 },
            { utilization: 75, score: 10 },
            { utilization: 100, score: 0 },
          ],
        },
      }),
      'n1',
    ],
    ['fill', scored({ type: 'Fill' }), 'n2'],
    [
      'added affinity',
      {
        pluginConfig: [
          {
            name: 'NodeAffinity',
            args: {
              addedAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'In', values: ['b'] }] }],
                },
              },
            },
          },
        ],
      },
      "0/3 nodes are available: 3 node(s) didn't match scheduler-enforced node affinity.",
    ],
  ] as Array<[string, object, string]>)('places by %s', (_name, fields, node) => {
    expect(chosen(fields)).toBe(node);
  });

  it('overfills nodes when it has no filter for resources', () => {
    expect(chosen({ plugins: { filter: { disabled: [{ name: 'NodeResourcesFit' }] } } }, '9')).toMatch(/^n/);
  });

  it('is chosen by the name of the scheduler', () => {
    const cluster = clusterOf(nodes, [running('a', 'n1', '2'), running('b', 'n2', '3')]);
    const profiles = readConfiguration({
      ...head,
      profiles: [{}, { schedulerName: 'packer', ...scored({ type: 'MostAllocated' }) }],
    });
    const core = new SchedulerCore(cluster, profilesByName(profiles));
    const nodeOf = (name: string, schedulerName?: string) => {
      const pod = withSpec(makePod(name).requests('1', '1Gi').build(), { schedulerName });
      return core.decide(cluster.read(pod));
    };
    expect(nodeOf('p', 'packer')).toMatchObject({ nodeName: 'n2' });
    expect(nodeOf('q')).toMatchObject({ nodeName: 'n3' });
  });
});
