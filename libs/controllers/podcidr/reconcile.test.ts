import { FakeClient } from '../../../test/support/fake-client.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { events } from '../../api/kinds/event.ts';
import { nodes } from '../../api/kinds/node.ts';
import { silentLogger } from '../../base/log.ts';
import { noMetrics } from '../../base/metrics.ts';
import { seededRandom } from '../../base/random.ts';
import { InformerSet } from '../../client/informer-set.ts';
import { EventRecorder } from '../../reconcile/events.ts';
import { newPodCidrController } from './reconcile.ts';

async function startWorld() {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const client = new FakeClient({ clock, random });
  const informers = new InformerSet({ client, clock });
  const recorder = new EventRecorder({ client, clock, random, component: 'test' });
  const context = { client, informers, clock, random, logger: silentLogger, metrics: noMetrics, events: recorder };
  const controller = newPodCidrController(context, { clusterCidr: '10.244.0.0/23', nodeMaskBits: 24 });
  informers.start();
  controller.start();
  const settle = async () => {
    for (let i = 0; i < 5; i++) await clock.advance(10_000);
  };
  const blocks = () => client.peek(nodes).map((node) => [node.metadata?.name, node.spec?.podCIDR]);
  const stop = async () => {
    await controller.stop();
    await informers.stop();
  };
  return { client, settle, blocks, stop };
}

it('tells nodes once that no block is free, and gives the next free one to who waits longest', async () => {
  const { client, settle, blocks, stop } = await startWorld();
  for (const name of ['a', 'b', 'c', 'd']) {
    await client.create(nodes, { metadata: { name } });
    await settle();
  }
  expect(blocks()).toEqual([
    ['a', '10.244.0.0/24'],
    ['b', '10.244.1.0/24'],
    ['c', undefined],
    ['d', undefined],
  ]);
  expect(client.peek(events).map(({ involvedObject, count }) => [involvedObject.name, count])).toEqual([
    ['c', 1],
    ['d', 1],
  ]);
  await client.delete(nodes, { name: 'a' });
  await settle();
  expect(blocks()).toEqual([
    ['b', '10.244.1.0/24'],
    ['c', '10.244.0.0/24'],
    ['d', undefined],
  ]);
  await stop();
});
