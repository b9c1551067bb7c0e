import type { V1Node, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { makeNode } from '../../test/support/make-node.ts';
import { withSpec } from '../../test/support/placement.ts';
import { PlacementChecker } from '../../test/support/placement-checker.ts';
import { beginScheduling, type SchedulerWorld } from '../../test/support/scheduler-world.ts';

const seeds = 12;
const stepsPerSeed = 60;
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/** Does something at random to the cluster; every change goes through the API alone. */
class Churn {
  private made = 0;
  private readonly random: ReturnType<typeof seededRandom>;
  private readonly world: SchedulerWorld;

  constructor(world: SchedulerWorld, seed: number) {
    this.world = world;
    this.random = seededRandom(seed);
  }

  async step(): Promise<void> {
    const dice = this.random.next();
    const { items: known } = await this.world.client.list<V1Node>(nodes);
    if (known.length < 2 || dice < 0.1) await this.addNode();
    else if (dice < 0.3) await this.changeNode(this.pick(known));
    else if (dice < 0.35) await this.world.client.delete(nodes, { name: this.pick(known).metadata?.name ?? '' });
    else if (dice < 0.55) await this.removePod();
    else await this.world.addPod(`p${this.made++}`, this.pick(['1', '2']), (pod) => this.constrained(pod));
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random.next() * items.length)]!;
  }

  private async addNode(): Promise<void> {
    const builder = makeNode(`n${this.made++}`).allocatable({ cpu: this.pick(['1', '2', '4']), pods: '5' });
    if (this.random.next() < 0.8) builder.zone(this.pick(['a', 'b']));
    if (this.random.next() < 0.3) builder.taint('k', 'v', 'NoSchedule');
    await this.world.client.create(nodes, builder.build());
  }

  private async changeNode({ metadata, spec }: V1Node): Promise<void> {
    const change = this.pick([
      { metadata: { labels: { disk: this.pick(['ssd', 'hdd']) } } },
      { metadata: { labels: { [zone]: this.pick(['a', 'b']) } } },
      { spec: { unschedulable: !spec?.unschedulable } },
      { spec: { taints: spec?.taints ? null : [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } },
    ]);
    await this.world.client.patch(nodes, { name: metadata?.name ?? '' }, { type: 'merge', body: change });
  }

  private async removePod(): Promise<void> {
    const { items } = await this.world.client.list<V1Pod>(pods);
    if (items.length === 0) return;
    const { namespace, name = '' } = this.pick(items).metadata ?? {};
    await this.world.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  }

  private constrained(pod: V1Pod): V1Pod {
    const app = this.pick(['x', 'y']);
    const spec: Partial<V1PodSpec> = {};
    const labelSelector = { matchLabels: { app: this.pick(['x', 'y']) } };
    const term = { labelSelector, topologyKey: this.pick([hostname, zone]) };
    const rule = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const kind = this.pick(['podAffinity', 'podAntiAffinity', 'spread', 'selector', 'none', 'none']);
    if (kind === 'podAffinity' || kind === 'podAntiAffinity') spec.affinity = { [kind]: rule };
    if (kind === 'selector') spec.nodeSelector = { disk: 'ssd' };
    if (kind === 'spread') {
      spec.topologySpreadConstraints = [{ ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }];
    }
    if (this.random.next() < 0.3) spec.tolerations = [{ key: 'k', operator: 'Exists' }];
    return withSpec({ ...pod, metadata: { ...pod.metadata, labels: { app } } }, spec);
  }
}

describe('when nothing changes any more', () => {
  it.each(Array.from({ length: seeds }, (_, seed) => [seed]))(
    'no pod waits that fits somewhere, and no time has passed: seed %i',
    async (seed) => {
      const world = await beginScheduling();
      const churn = new Churn(world, seed);
      for (let step = 0; step < stepsPerSeed; step++) {
        await churn.step();
        await world.settle();
      }
      const { items: everyNode } = await world.client.list<V1Node>(nodes);
      const { items: everyPod } = await world.client.list<V1Pod>(pods);
      const running = everyPod.filter(({ spec }) => spec?.nodeName);
      const checker = new PlacementChecker(everyNode, running);
      for (const waiting of everyPod.filter(({ spec }) => !spec?.nodeName)) {
        const fits = everyNode.filter((node) => checker.violations(waiting, node).length === 0);
        expect({ pod: waiting.metadata?.name, fits: fits.map(({ metadata }) => metadata?.name) }).toMatchObject({
          fits: [],
        });
      }
      expect(running.length).toBeGreaterThan(0);
      await world.stop();
    },
  );
});

/** Pods that differ to the scheduler, and all fit the same node. */
const kinds = Array.from(
  { length: 5 },
  (_, at) => (pod: V1Pod) => withSpec(pod, { tolerations: [{ key: `kind-${at}`, operator: 'Exists' }] }),
);

describe('pods that wait for the same node', () => {
  it.each([
    ['of one kind', 1],
    ['of five kinds', 5],
  ])('get it in the order in which they came, however others come and go: %s', async (_name, kindCount) => {
    const world = await beginScheduling();
    await world.addNode('n1', '2');
    const bound: string[] = [];
    for (let at = 0; at < 12; at++) {
      await world.addPod(`p${String(at).padStart(2, '0')}`, '1', kinds[at % kindCount]);
      if (at % 3 === 0) await world.addPod(`odd${at}`, '7');
    }
    for (let turn = 0; turn < 20; turn++) {
      const { items } = await world.client.list<V1Pod>(pods);
      const first = items.find(({ spec }) => spec?.nodeName);
      if (first === undefined) break;
      bound.push(first.metadata?.name ?? '');
      await world.client.delete(
        pods,
        { namespace: 'default', name: first.metadata?.name ?? '' },
        { gracePeriodSeconds: 0 },
      );
      await world.settle();
    }
    expect(bound).toEqual(Array.from({ length: 12 }, (_, at) => `p${String(at).padStart(2, '0')}`));
    await world.stop();
  });
});
