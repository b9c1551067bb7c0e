import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { PlacementChecker } from '../../test/support/placement-checker.ts';
import type { V1Node, V1Pod, V1PodSpec } from '../api/gen/types.ts';
import { type Random, seededRandom } from '../base/random.ts';
import { Cluster } from './cluster.ts';
import { SchedulerCore } from './scheduler-core.ts';

const seeds = 60;
const stepsPerSeed = 120;
const topologies = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'];

/** A small world that changes at random, kept both by the scheduler and as plain lists. */
class World {
  readonly cluster = new Cluster();
  readonly core = new SchedulerCore(this.cluster);
  readonly log: string[] = [];
  nodes: V1Node[] = [];
  running: V1Pod[] = [];
  private made = 0;
  private readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  step(): void {
    const dice = this.random.next();
    if (dice < 0.1 || this.nodes.length < 2) this.setNode();
    else if (dice < 0.13) this.removeNode();
    else if (dice < 0.3) this.removePod();
    else this.schedule();
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random.next() * items.length)]!;
  }

  private chance(share: number): boolean {
    return this.random.next() < share;
  }

  private setNode(): void {
    const name = `n${Math.floor(this.random.next() * 8)}`;
    const builder = makeNode(name).allocatable({
      cpu: this.pick(['1', '2', '4']),
      memory: '4096Mi',
      pods: this.pick(['3', '8']),
    });
    if (this.chance(0.8)) builder.zone(this.pick(['a', 'b', 'c']));
    if (this.chance(0.2)) builder.taint('k', 'v', this.pick(['NoSchedule', 'NoExecute', 'PreferNoSchedule']));
    if (this.chance(0.1)) builder.cordoned();
    if (this.chance(0.5)) builder.labels({ disk: 'ssd' });
    const node = builder.build();
    this.nodes = [...this.nodes.filter(({ metadata }) => metadata?.name !== name), node];
    this.cluster.setNode(node);
  }

  private removeNode(): void {
    const { metadata } = this.pick(this.nodes);
    this.nodes = this.nodes.filter((node) => node.metadata?.name !== metadata?.name);
    this.cluster.removeNode(metadata?.name ?? '');
  }

  private removePod(): void {
    if (this.running.length === 0) return;
    const { metadata } = this.pick(this.running);
    this.running = this.running.filter((pod) => pod.metadata?.uid !== metadata?.uid);
    const placed = this.cluster.displace(metadata?.uid ?? '');
    this.cluster.forget(placed!.info);
  }

  private makePod(): V1Pod {
    const labels = { app: this.pick(['x', 'y', 'z']) };
    const base = makePod(`p${this.made++}`)
      .labels(labels)
      .requests(this.pick(['100m', '500m', '1']), '64Mi');
    const spec: Partial<V1PodSpec> = {};
    const labelSelector = { matchLabels: { app: this.pick(['x', 'y', 'z']) } };
    const topologyKey = this.pick(topologies);
    const namespaceSelector = this.chance(0.2) ? {} : undefined;
    const term = { labelSelector, topologyKey, ...(namespaceSelector && { namespaceSelector }) };
    const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const kind = this.pick(['podAntiAffinity', 'podAffinity', 'none', 'none', 'none']);
    if (kind !== 'none') spec.affinity = { [kind]: required };
    if (this.chance(0.25)) {
      const whenUnsatisfiable = this.pick(['DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway'] as const);
      const minDomains = whenUnsatisfiable === 'DoNotSchedule' && this.chance(0.3) ? 2 : undefined;
      const one = { maxSkew: this.pick([1, 2]), topologyKey, whenUnsatisfiable, labelSelector, minDomains };
      spec.topologySpreadConstraints = this.chance(0.3) ? [one, { ...one, topologyKey: this.pick(topologies) }] : [one];
    }
    if (this.chance(0.2)) spec.tolerations = [{ key: 'k', operator: 'Exists' }];
    if (this.chance(0.2)) spec.nodeSelector = { disk: 'ssd' };
    const pod = withSpec(base.namespace(this.pick(['one', 'two'])).build(), spec);
    if (this.chance(0.15)) pod.spec!.containers[0]!.ports = [{ containerPort: 1, hostPort: this.pick([80, 81]) }];
    return pod;
  }

  private schedule(): void {
    const pod = this.makePod();
    const info = this.cluster.read(pod);
    const decision = this.core.decide(info);
    const checker = new PlacementChecker(this.nodes, this.running);
    const right = this.nodes
      .filter((node) => checker.violations(pod, node).length === 0)
      .map(({ metadata }) => metadata!.name!);
    if (decision.kind === 'unschedulable') {
      this.log.push(decision.message);
      expect({ pod, right, said: decision.message }).toMatchObject({ right: [] });
      expect(decision.message).toMatch(new RegExp(`^0/${this.nodes.length} nodes are available: `));
      this.cluster.forget(info);
      return;
    }
    this.log.push(decision.nodeName);
    const node = this.nodes.find(({ metadata }) => metadata?.name === decision.nodeName)!;
    expect({ pod, node, broken: checker.violations(pod, node) }).toMatchObject({ broken: [] });
    this.running.push(withSpec(pod, { nodeName: decision.nodeName }));
    this.cluster.place(info, decision.nodeName);
  }
}

describe('decisions in a changing world', () => {
  it.each(Array.from({ length: seeds }, (_, seed) => [seed]))('are right by an independent check: seed %i', (seed) => {
    const world = new World(seed);
    for (let step = 0; step < stepsPerSeed; step++) world.step();
    expect(world.log.length).toBeGreaterThan(stepsPerSeed / 4);
  });

  it('are the same in every run', () => {
    const logs = [1, 2].map(() => {
      const world = new World(7);
      for (let step = 0; step < 200; step++) world.step();
      return world.log;
    });
    expect(logs[0]).toEqual(logs[1]);
  });
});
