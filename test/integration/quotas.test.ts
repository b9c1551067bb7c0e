import type { V1ResourceQuota } from '../../libs/api/gen/types.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { loopbackUser } from '../../libs/auth/user.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { InformerSet } from '../../libs/client/informer-set.ts';
import { LocalClient } from '../../libs/client/local.ts';
import { newResourceQuotaController } from '../../libs/controllers/resourcequota/reconcile.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';
import type { Store } from '../../libs/store/store.ts';
import { openEtcdStore } from '../../libs/store-etcd/etcd-store.ts';
import { type EtcdServer, startEtcd } from '../support/etcd-server.ts';
import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../support/registry.ts';

const podsMax = 50;
const attempts = 200;

const podOf = (name: string) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

function startController({ registry }: ScratchRegistry) {
  const client = new LocalClient({
    registry,
    user: loopbackUser,
    fieldManager: 'test',
    createSubresource: () => undefined,
  });
  const clock = systemClock;
  const random = seededRandom(3);
  const informers = new InformerSet({ client, clock });
  const events = new EventRecorder({ client, clock, random, component: 'test' });
  const context = { client, informers, clock, random, logger: silentLogger, metrics: noMetrics, events };
  const controller = newResourceQuotaController(context, { resources: [pods, configmaps] });
  informers.start();
  controller.start();
  return async () => {
    await controller.stop();
    await informers.stop();
  };
}

describe('a quota that two API servers on one etcd count', () => {
  let etcd: EtcdServer;
  let stores: Store[];
  let servers: ScratchRegistry[];
  let stopController: () => Promise<void>;

  beforeAll(async () => {
    etcd = await startEtcd();
    stores = [0, 1].map(() => openEtcdStore({ endpoints: [etcd.url], keyPrefix: '/quota' }));
    servers = [];
    for (const sharedStore of stores) servers.push(await openScratchRegistry({ sharedStore }));
    stopController = startController(servers[0]!);
    const quota = { kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name: 'q' }, spec: { hard: { pods: '50' } } };
    await servers[0]!.service('resourcequotas').create({ namespace: 'x' }, bodyOf(quota), asks());
    await untilUsed('0');
  }, 30_000);

  afterAll(async () => {
    await stopController();
    for (const server of servers) await server.close();
    for (const store of stores) await store.close();
    await etcd.dispose();
  });

  const used = async (server: ScratchRegistry) =>
    ((await server.service('resourcequotas').get({ namespace: 'x', name: 'q' })).object as V1ResourceQuota).status?.used
      ?.pods;
  async function untilUsed(text: string): Promise<void> {
    const endMs = systemClock.monotonic() + 10_000;
    while ((await used(servers[1]!)) !== text) {
      if (systemClock.monotonic() > endMs) throw new Error(`used is ${await used(servers[1]!)}, not ${text}`);
      await new Promise((resolve) => systemClock.setTimer(10, () => resolve(undefined)));
    }
  }
  const createAll = async (prefix: string) => {
    const creations = Array.from({ length: attempts }, (_, i) => {
      const service = servers[i % servers.length]!.service('pods');
      return service.create({ namespace: 'x' }, bodyOf(podOf(`${prefix}-${i}`)), asks());
    });
    const outcomes = await Promise.allSettled(creations);
    const reasons = new Set(outcomes.map((one) => (one.status === 'rejected' ? one.reason.reason : 'created')));
    return { created: outcomes.filter(({ status }) => status === 'fulfilled').length, reasons };
  };

  it('lets exactly as many in as it says', async () => {
    expect(await createAll('a')).toEqual({ created: podsMax, reasons: new Set(['created', 'Forbidden']) });
    for (const server of servers) expect(await used(server)).toBe(String(podsMax));
  }, 30_000);

  it('stays exact while pods come and go through both', async () => {
    const pods = servers[0]!.service('pods');
    const { documents } = await pods.list({ namespace: 'x' });
    const removals = documents.map(({ object }, i) =>
      servers[i % servers.length]!.service('pods').delete(
        { namespace: 'x', name: object.metadata?.name ?? '' },
        deletes(),
      ),
    );
    const [{ created }] = await Promise.all([createAll('b'), Promise.all(removals)]);
    await untilUsed(String(created));
    expect((await pods.list({ namespace: 'x' })).documents).toHaveLength(created);
    const { created: more } = await createAll('c');
    expect(created + more).toBe(podsMax);
    await untilUsed(String(podsMax));
  }, 30_000);
});
