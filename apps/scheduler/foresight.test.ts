import type { V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { nameOf } from '../../libs/api/meta.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { type Random, seededRandom } from '../../libs/base/random.ts';
import type { Binder, Binding } from '../../libs/client/client.ts';
import { World } from '../../libs/scheduling/foresight/world.ts';
import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { startScheduler } from './start.ts';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

class WritingBinder implements Binder {
  private readonly client: FakeClient;
  constructor(client: FakeClient) {
    this.client = client;
  }
  bindAll(bindings: readonly Binding[]): Promise<undefined[]> {
    return Promise.all(
      bindings.map(async ({ namespace, name, nodeName }) => {
        await this.client.patch(pods, { namespace, name }, { type: 'merge', body: { spec: { nodeName } } });
        return undefined;
      }),
    );
  }
}

/** A cluster in memory with running pods, and pods that nobody has looked at yet. */
async function fill(client: FakeClient, random: Random, priorities: readonly number[]): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]!;
  const count = 3 + Math.floor(random.next() * 4);
  for (let at = 0; at < count; at++) {
    const builder = makeNode(`n${at}`)
      .zone(pick(['a', 'b']))
      .allocatable({ cpu: pick(['1', '2']), pods: '6' });
    if (random.next() < 0.2) builder.taint('k', 'v', 'NoSchedule');
    await client.create(nodes, builder.build());
  }
  for (let at = 0; at < 30; at++) {
    const app = pick(['x', 'y', 'z']);
    const spec: Partial<V1PodSpec> = { priority: pick(priorities) };
    const term = {
      topologyKey: pick([hostname, zone]),
      labelSelector: { matchLabels: { app: pick(['x', 'y', 'z']) } },
    };
    const rule = pick(['podAffinity', 'podAntiAffinity', 'spread', '', '', '']);
    if (rule === 'spread')
      spec.topologySpreadConstraints = [{ ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }];
    else if (rule !== '') spec.affinity = { [rule]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    if (random.next() < 0.3) spec.tolerations = [{ key: 'k', operator: 'Exists' }];
    const pod = makePod(`p${at}`)
      .labels({ app })
      .requests(pick(['100m', '300m', '700m']), '64Mi');
    if (at < 8) pod.on(`n${at % count}`).phase('Running');
    await client.create(pods, withSpec(pod.build(), spec));
  }
}

const homes = (all: readonly V1Pod[]) =>
  Object.fromEntries(all.map(({ metadata, spec }) => [metadata!.name!, spec?.nodeName ?? 'waits']));

async function runBoth(seed: number, priorities: readonly number[]) {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const client = new FakeClient({ clock, random });
  await fill(client, random, priorities);
  const all = async () => (await client.list(pods)).items;
  const before = await all();
  const snapshot = { nodes: (await client.list(nodes)).items, pods: before };
  const world = new World({ ...snapshot, namespaces: [], services: [], budgets: [], replicaSets: [] });
  const { evictions } = world.settle([]);
  const gone = new Set(evictions.map(({ victim }) => victim.metadata?.name));
  const said = Object.fromEntries(
    before
      .filter(({ metadata }) => !gone.has(metadata?.name))
      .map((pod) => [pod.metadata!.name!, world.nodeOf(pod) ?? 'waits']),
  );
  const binder = new WritingBinder(client);
  const scheduler = await startScheduler({ client, binder, clock, random, logger: silentLogger, metrics: noMetrics });
  // Whoever was driven out leaves once everybody has been looked at, as a graceful end does.
  for (let round = 0; round < 12; round++) {
    for (let turn = 0; turn < 5; turn++) await clock.settle(60);
    for (const pod of (await all()).filter(({ metadata }) => metadata?.deletionTimestamp)) {
      await client.delete(pods, nameOf(pod), { gracePeriodSeconds: 0 });
    }
  }
  const done = homes(await all());
  await scheduler.stop();
  return { said, done, evictions: evictions.length };
}

describe('what foresight says is what the scheduler does', () => {
  let evicted = 0;
  it.each(Array.from({ length: 15 }, (_, seed) => [seed]))('without priorities: seed %i', async (seed) => {
    const { said, done } = await runBoth(seed, [0]);
    expect(done).toEqual(said);
  });
  it.each(Array.from({ length: 15 }, (_, seed) => [seed]))('with preemption: seed %i', async (seed) => {
    const { said, done, evictions } = await runBoth(seed, [0, 0, 10]);
    evicted += evictions;
    expect(done).toEqual(said);
  });
  it('has driven pods out at all', () => expect(evicted).toBeGreaterThan(10));
});
