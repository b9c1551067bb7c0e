import { startScheduler } from '../../apps/scheduler/start.ts';
import type { CoreV1Event, V1Pod } from '../../libs/api/gen/types.ts';
import { events } from '../../libs/api/kinds/event.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { seededRandom } from '../../libs/base/random.ts';
import type { Binder, Binding } from '../../libs/client/client.ts';
import { FakeClient } from './fake-client.ts';
import { FakeClock } from './fake-clock.ts';
import { makeNode } from './make-node.ts';
import { makePod } from './make-pod.ts';

/** Binds as the server does: by writing spec.nodeName. */
class FakeBinder implements Binder {
  readonly batches: number[] = [];
  /** Errors for the next pods by name. */
  readonly failures = new Map<string, Error>();
  private readonly client: FakeClient;

  constructor(client: FakeClient) {
    this.client = client;
  }

  bindAll(bindings: readonly Binding[]): Promise<Array<Error | undefined>> {
    this.batches.push(bindings.length);
    return Promise.all(bindings.map((binding) => this.bind(binding)));
  }

  private async bind({ namespace, name, nodeName }: Binding): Promise<Error | undefined> {
    const failure = this.failures.get(name);
    this.failures.delete(name);
    if (failure !== undefined) return failure;
    await this.client.patch(pods, { namespace, name }, { type: 'merge', body: { spec: { nodeName } } });
    return undefined;
  }
}

/** A scheduler over a fake API, which `prepare` may fill before it starts; `settle` lets it do all that it can without time passing. */
export async function beginScheduling(prepare?: (client: FakeClient, clock: FakeClock) => Promise<void>) {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const client = new FakeClient({ clock, random });
  await prepare?.(client, clock);
  const binder = new FakeBinder(client);
  const scheduler = await startScheduler({ client, binder, clock, random, logger: silentLogger, metrics: noMetrics });
  const settle = () => clock.settle(60);
  await settle();
  await scheduler.ready;
  return {
    clock,
    client,
    binder,
    settle,
    scheduler,
    stop: () => scheduler.stop(),
    addNode: (name: string, cpu = '4') => client.create(nodes, makeNode(name).allocatable({ cpu }).build()),
    async addPod(name: string, cpu = '1', change: (pod: V1Pod) => V1Pod = (pod) => pod) {
      await client.create(pods, change(makePod(name).requests(cpu, '64Mi').build()));
      await settle();
    },
    pod: (name: string) => client.get(pods, { namespace: 'default', name }),
    async nodeOf(name: string) {
      return (await client.get(pods, { namespace: 'default', name })).spec?.nodeName;
    },
    async told() {
      const { items } = await client.list<CoreV1Event>(events);
      return items.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    },
  };
}

export type SchedulerWorld = Awaited<ReturnType<typeof beginScheduling>>;
