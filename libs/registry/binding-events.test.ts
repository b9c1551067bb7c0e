import { addNode, addPod, wish } from '../../test/support/bindings.ts';
import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { CoreV1Event, V1Pod } from '../api/gen/types.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import type { Document } from '../cache/document.ts';
import { PodBinder } from './binder.ts';
import { PodEvents } from './pod-events.ts';

describe('the events of bindings', () => {
  let scratch: ScratchRegistry;
  beforeEach(async () => {
    scratch = await openScratchRegistry();
    for (const name of ['n', 'm']) await addNode(scratch, name, '200');
  });
  afterEach(() => scratch.close());

  const podEvents = (clock: Clock) =>
    new PodEvents({ writer: scratch.registry.writer, clock, random: seededRandom(3), logger: silentLogger });

  it('say of each pod that was bound, and of no other, where it went', async () => {
    const names = Array.from({ length: 150 }, (_, at) => `p-${at}`);
    for (const name of names) await addPod(scratch, name);
    await addPod(scratch, 'silent');
    const events = podEvents(systemClock);
    const { mirror, registry } = scratch;
    const binder = new PodBinder({ mirror, writer: registry.writer, clock: systemClock, events });
    const asked = ['none', ...names].map((name, at) => ({
      ...wish(name, at % 2 ? 'm' : 'n'),
      reportedBy: 'default-scheduler',
    }));
    await binder.bindAll([...asked, wish('silent', 'n')]);
    await events.flush();
    const { documents } = await scratch.service('events').list({ namespace: 'x' });
    const told = documents.map((document) => document.object as CoreV1Event);
    expect(told.map(({ involvedObject }) => involvedObject.name).sort()).toEqual([...names].sort());
    const stored = mirror.collection('', 'pods').get('x/p-7')!.object as V1Pod;
    expect(told.find(({ involvedObject }) => involvedObject.name === 'p-7')).toMatchObject({
      type: 'Normal',
      reason: 'Scheduled',
      action: 'Binding',
      message: 'Successfully assigned x/p-7 to n',
      reportingComponent: 'default-scheduler',
      involvedObject: { kind: 'Pod', apiVersion: 'v1', namespace: 'x', uid: stored.metadata?.uid },
    });
  });

  it('are as the API would have taken them', async () => {
    await addPod(scratch, 'a');
    const events = podEvents(systemClock);
    const pod = scratch.mirror.collection('', 'pods').get('x/a')!.object as V1Pod;
    events.tell([
      { pod, reason: 'Preempted', action: 'Preempting', message: 'for another', reportedBy: 'default-scheduler' },
    ]);
    await events.flush();
    const service = scratch.service('events');
    const [written] = (await service.list({ namespace: 'x' })).documents;
    const { uid, creationTimestamp, resourceVersion, ...metadata } = written!.copy().metadata!;
    expect([uid, creationTimestamp, resourceVersion]).toEqual(Array(3).fill(expect.any(String)));
    const again = { ...written!.copy(), metadata: { ...metadata, name: 'again' } };
    const taken = await service.create({ namespace: 'x' }, bodyOf(again), asks());
    const plain = (document: Document) => ({ ...document.copyWithoutOwnership(), metadata: undefined });
    expect(plain(taken)).toEqual(plain(written!));
  });
});
