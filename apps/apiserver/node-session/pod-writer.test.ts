import type { V1Pod, V1PodStatus } from '../../../libs/api/gen/types.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { silentLogger } from '../../../libs/base/log.ts';
import { StatusError, type StatusReason } from '../../../libs/base/status.ts';
import { FakeClient } from '../../../test/support/fake-client.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { PodWriter } from './pod-writer.ts';

const at = { namespace: 'default', name: 'web' };
const podOn = (nodeName: string): V1Pod => ({ metadata: at, spec: { nodeName, containers: [] } });

let clock: FakeClock;
let client: FakeClient;
/** What the watch has shown; behind the store unless a test says otherwise. */
let seen: V1Pod | undefined;
let writer: PodWriter;
let pod: V1Pod;
let abort: AbortController;
let acknowledged: string[];

beforeEach(async () => {
  clock = new FakeClock();
  client = new FakeClient({ clock });
  abort = new AbortController();
  acknowledged = [];
  pod = await client.create(pods, podOn('n1'));
  seen = pod;
  writer = new PodWriter({ client, lookup: () => seen, clock, logger: silentLogger, signal: abort.signal });
});
afterEach(() => abort.abort());

const report = (status: V1PodStatus, label = status.message ?? '', uid = pod.metadata?.uid ?? '') =>
  writer.status({ at, uid, nodeName: 'n1', status }, () => acknowledged.push(label));
const current = async () => (await client.get(pods, at)).status;
const updates = () => client.requests.filter((request) => request.startsWith('update'));

it('writes the newest status and acknowledges all that it stands for', async () => {
  for (const message of ['1', '2', '3']) report({ message });
  await clock.settle();
  expect(await current()).toMatchObject({ message: '3' });
  expect(acknowledged.sort()).toEqual(['1', '2', '3']);
  expect(updates().length).toBeLessThanOrEqual(2);
  expect(writer.size).toBe(0);
});

it('writes again what is again as it was before the watch has caught up', async () => {
  report({ message: 'b' });
  await clock.settle();
  report({}, 'back');
  await clock.settle();
  expect((await current())?.message).toBeUndefined();
  expect(acknowledged).toEqual(['b', 'back']);
});

it('reads the pod anew when someone else has written it', async () => {
  await client.patch(pods, at, { type: 'merge', body: { metadata: { labels: { a: 'b' } } } });
  report({ message: 'x' });
  await clock.settle();
  expect(await current()).toMatchObject({ message: 'x' });
});

it.each<[string, () => Promise<unknown> | undefined]>([
  ['gone', () => client.delete(pods, at, { gracePeriodSeconds: 0 })],
  ['another of the same name', () => undefined],
])('acknowledges reports of a pod that is %s', async (name, change) => {
  await change();
  report({ message: 'x' }, 'late', name === 'gone' ? undefined : 'another-uid');
  await clock.settle();
  expect(acknowledged).toEqual(['late']);
  expect(updates().filter((request) => request.includes('web'))).toHaveLength(name === 'gone' ? 1 : 0);
});

it.each<[StatusReason, boolean]>([
  ['ServiceUnavailable', true],
  ['InternalError', true],
  ['Invalid', false],
  ['Forbidden', false],
])('after %s tries again: %s', async (reason, again) => {
  const update = client.update.bind(client);
  let failures = 3;
  client.update = async (...args: Parameters<typeof update>) => {
    if (failures-- > 0) throw new StatusError(reason, 'no');
    return (await update(...args)) as never;
  };
  report({ message: 'x' });
  await clock.settle();
  expect(acknowledged).toEqual(again ? [] : ['x']);
  await clock.advance(10_000);
  expect((await current())?.message).toBe(again ? 'x' : undefined);
  expect(acknowledged).toEqual(['x']);
});

it('removes a deleted pod after its last status, and only that one', async () => {
  await client.delete(pods, at);
  report({ phase: 'Succeeded' }, 'status');
  writer.gone({ at, uid: pod.metadata?.uid ?? '', nodeName: 'n1' }, () => acknowledged.push('gone'));
  await clock.settle();
  await expect(client.get(pods, at)).rejects.toMatchObject({ reason: 'NotFound' });
  expect(acknowledged).toEqual(['status', 'gone']);
});

it('does not remove a pod that nobody has deleted', async () => {
  writer.gone({ at, uid: pod.metadata?.uid ?? '', nodeName: 'n1' }, () => acknowledged.push('gone'));
  await clock.settle();
  expect((await client.get(pods, at)).metadata?.uid).toBe(pod.metadata?.uid);
  expect(acknowledged).toEqual(['gone']);
});

it('takes no status from a node that the pod is not on', async () => {
  writer.status({ at, uid: pod.metadata?.uid ?? '', nodeName: 'n2', status: { message: 'x' } }, () => {});
  await clock.settle();
  expect(await current()).toBeUndefined();
});
