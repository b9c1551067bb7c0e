import { startControllers } from '../../../test/support/controller-world.ts';
import { events } from '../../api/kinds/event.ts';
import { nodes } from '../../api/kinds/node.ts';
import { newPodCidrController } from './reconcile.ts';

const network = { clusterCidr: '10.244.0.0/23', nodeMaskBits: 24 };

it('tells nodes once that no block is free, and gives the next free one to who waits longest', async () => {
  const { client, settle, stop } = startControllers((context) => [newPodCidrController(context, network)]);
  const blocks = () => client.peek(nodes).map((node) => [node.metadata?.name, node.spec?.podCIDR]);
  for (const name of ['a', 'b', 'c', 'd']) {
    await client.create(nodes, { metadata: { name } });
    await settle(10_000);
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
  await settle(10_000);
  expect(blocks()).toEqual([
    ['b', '10.244.1.0/24'],
    ['c', '10.244.0.0/24'],
    ['d', undefined],
  ]);
  await stop();
});
