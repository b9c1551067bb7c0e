import type { V1Pod } from '../../libs/api/gen/types.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { seededRandom } from '../../libs/base/random.ts';
import type { Client, Eviction } from '../../libs/client/client.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';
import { Cluster } from '../../libs/scheduling/cluster.ts';
import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { ApiEvictor } from './api-evictor.ts';
import { Evictions } from './evictions.ts';

const nameOf = (pod: V1Pod) => pod.metadata?.name ?? '';
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A client whose requests wait until they are let go by name. */
function heldClient() {
  const held = new Map<string, () => void>();
  const marks = new Map<string, unknown>();
  const hold = (name: string) => new Promise<void>((resolve) => held.set(name, resolve));
  const client = {
    async patch(_resource: unknown, { name }: { name: string }, { body }: { body: unknown }) {
      marks.set(name, body);
      await hold(name);
    },
    delete: (_resource: unknown, { name }: { name: string }) => hold(name),
  } as unknown as Client;
  return { client, held, marks };
}

describe('evictions', () => {
  const begin = () => {
    const { client, held, marks } = heldClient();
    const cluster = new Cluster();
    cluster.setNode(makeNode('n1').build());
    const evicted: Eviction[][] = [];
    const evictor = {
      async evictAll(evictions: readonly Eviction[]) {
        evicted.push([...evictions]);
        return evictions.map(() => undefined);
      },
    };
    const evictions = new Evictions({ client, evictor, cluster, clock: new FakeClock(), logger: silentLogger });
    const drive = (preemptor: V1Pod, ...victims: V1Pod[]) =>
      evictions.start(cluster.read(preemptor), {
        slot: 0,
        nodeName: 'n1',
        victims: victims.map((victim) => cluster.place(cluster.read(victim), 'n1')),
      });
    return { evictions, drive, evicted, held, marks };
  };

  it('wait for no mark but their own', async () => {
    const { evictions, drive, evicted, held } = begin();
    drive(makePod('x').build(), makePod('slow').build());
    drive(makePod('y').build(), makePod('a').build(), makePod('b').build());
    evictions.flush();
    await turn();
    expect([...held.keys()]).toEqual(['slow', 'a', 'b']);
    for (const name of ['a', 'b']) held.get(name)!();
    await turn();
    await turn();
    expect(evicted.map((group) => group.map(({ pod }) => nameOf(pod)))).toEqual([['a', 'b']]);
    held.get('slow')!();
    await turn();
    await turn();
    expect(evicted.map((group) => group.map(({ pod }) => nameOf(pod)))).toEqual([['a', 'b'], ['slow']]);
  });

  it.each([
    ['of the pod', 'packer', 'packer'],
    ['by default when the pod names none', undefined, 'default-scheduler'],
  ])('name the scheduler %s', async (_name, schedulerName, expected) => {
    const { evictions, drive, evicted, held, marks } = begin();
    drive(withSpec(makePod('x').build(), { schedulerName }), makePod('a').build());
    evictions.flush();
    await turn();
    held.get('a')!();
    await turn();
    await turn();
    const message = `${expected}: preempting to accommodate a higher priority pod`;
    expect(marks.get('a')).toMatchObject({ status: { conditions: [{ message }] } });
    expect(evicted.flat().map(({ reportedBy }) => reportedBy)).toEqual([expected]);
  });
});

it('an evictor over the API has a bounded number of requests under way', async () => {
  const { client, held } = heldClient();
  const [clock, random] = [new FakeClock(), seededRandom(1)];
  const api = new FakeClient({ clock, random });
  const events = new EventRecorder({ client: api, clock, random, component: 'c', logger: silentLogger });
  const evictor = new ApiEvictor(client, events);
  const evictions = Array.from({ length: 70 }, (_, at) => ({
    pod: makePod(`p${at}`).build(),
    message: '',
    reportedBy: 'c',
  }));
  const done = evictor.evictAll(evictions);
  await turn();
  expect(held.size).toBe(64);
  for (const release of held.values()) release();
  await turn();
  expect(held.size).toBe(70);
  for (const release of held.values()) release();
  expect(await done).toEqual(evictions.map(() => undefined));
});
