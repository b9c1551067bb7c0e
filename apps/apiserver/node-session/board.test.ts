import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { configmaps } from '../../../libs/api/kinds/configmap.ts';
import { nodes } from '../../../libs/api/kinds/node.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { services } from '../../../libs/api/kinds/service.ts';
import { FakeClient } from '../../../test/support/fake-client.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { Board } from './board.ts';
import { DownQueue } from './down-queue.ts';

let clock: FakeClock;
let client: FakeClient;
let board: Board;
let told: string[];

beforeEach(async () => {
  clock = new FakeClock();
  client = new FakeClient({ clock });
  board = new Board({ client, clock });
  told = [];
  board.subscribe({ nodeName: 'n1', changed: (resource, key) => told.push(`${resource} ${key}`) });
  await board.start(AbortSignal.timeout(5_000));
});
afterEach(() => board.stop());

const at = (name: string) => ({ namespace: 'default', name });
const podOn = (nodeName: string | undefined, name: string, configMap?: string): V1Pod => ({
  metadata: at(name),
  spec: {
    nodeName,
    containers: [{ name: 'c', ...(configMap && { envFrom: [{ configMapRef: { name: configMap } }] }) }],
  },
});
const queue = (known: Record<string, string> = {}) =>
  new DownQueue(board, 'n1', [{ resource: 'pods', versions: known }]);
const drain = (down: DownQueue) => {
  const sent: string[] = [];
  for (let message = down.pull(); message; message = down.pull()) {
    if (message.body?.$case !== 'changes') continue;
    const { resource, changes, synced } = message.body.value;
    sent.push(...changes.map((change) => `${change.object ? '+' : '-'}${resource} ${change.key}`));
    if (synced) sent.push(`synced ${resource}`);
  }
  return sent;
};
const onlyChanges = (sent: string[]) => sent.filter((line) => !line.startsWith('synced'));

it('tells a node of its own pods and what they refer to, references first', async () => {
  await client.create(configmaps, { metadata: at('mine'), data: {} });
  await client.create(configmaps, { metadata: at('other'), data: {} });
  await client.create(pods, podOn('n1', 'a', 'mine'));
  await client.create(pods, podOn('n2', 'b', 'other'));
  await client.create(pods, podOn(undefined, 'unbound', 'other'));
  await clock.settle();
  expect(told).toEqual(['configmaps default/mine', 'pods default/a']);
  expect(onlyChanges(drain(queue()))).toEqual(['+configmaps default/mine', '+pods default/a']);
});

it('tells of a ConfigMap that changes only while a pod refers to it', async () => {
  await client.create(configmaps, { metadata: at('mine') });
  await client.create(pods, podOn('n1', 'a', 'mine'));
  await client.create(pods, podOn('n1', 'b', 'mine'));
  await clock.settle();
  told.length = 0;
  await client.patch(configmaps, at('mine'), { type: 'merge', body: { data: { k: 'v' } } });
  await client.delete(pods, at('a'), { gracePeriodSeconds: 0 });
  await clock.settle();
  expect(told.sort()).toEqual(['configmaps default/mine', 'pods default/a']);
  await client.delete(pods, at('b'), { gracePeriodSeconds: 0 });
  await clock.settle();
  told.length = 0;
  await client.patch(configmaps, at('mine'), { type: 'merge', body: { data: { k: 'w' } } });
  await clock.settle();
  expect(told).toEqual([]);
});

it('tells every node of services, and of nodes only what routing needs', async () => {
  await client.create(services, { metadata: at('s'), spec: {} });
  await client.create(nodes, { metadata: { name: 'n2' }, spec: { podCIDR: '10.0.1.0/24' } });
  await clock.settle();
  expect(told.sort()).toEqual(['nodes n2', 'services default/s']);
  told.length = 0;
  const node = await client.get(nodes, { name: 'n2' });
  await client.update(nodes, { ...node, status: { capacity: { cpu: '4' } } }, { subresource: 'status' });
  await clock.settle();
  expect(told).toEqual([]);
});

it('sends what changes twice once, as it stands then', async () => {
  await client.create(pods, podOn('n1', 'a'));
  await clock.settle();
  const down = queue();
  drain(down);
  for (let change = 0; change < 50; change++) down.changed('pods', 'default/a');
  expect(down.size).toBe(1);
  expect(onlyChanges(drain(down))).toEqual(['+pods default/a']);
});

it('sends only differences to an agent that comes back', async () => {
  const kept = await client.create(pods, podOn('n1', 'kept'));
  await client.create(pods, podOn('n1', 'changed'));
  await clock.settle();
  const known = {
    'default/kept': kept.metadata?.resourceVersion ?? '',
    'default/changed': '1',
    'default/removed': '1',
  };
  const sent = drain(queue(known));
  expect(onlyChanges(sent).sort()).toEqual(['+pods default/changed', '-pods default/removed']);
  expect(sent.filter((line) => line.startsWith('synced'))).toHaveLength(6);
});

it('cuts large collections into messages', async () => {
  for (let pod = 0; pod < 600; pod++) await client.create(pods, podOn('n1', `p${pod}`));
  await clock.settle();
  const down = queue();
  const sizes: number[] = [];
  for (let message = down.pull(); message; message = down.pull()) {
    if (message.body?.$case === 'changes' && message.body.value.resource === 'pods') {
      sizes.push(message.body.value.changes.length);
    }
  }
  expect(sizes).toEqual([256, 256, 88]);
});
