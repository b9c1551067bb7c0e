import type { V1Pod } from '../../libs/api/gen/types.ts';
import { silentLogger } from '../../libs/base/log.ts';
import type { Client } from '../../libs/client/client.ts';
import type { EventRecorder } from '../../libs/reconcile/events.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Refusals } from './refusals.ts';

const makePod = (name: string): V1Pod => ({ metadata: { name, namespace: 'default', uid: name } });

describe('telling pods why they wait', () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const events = { record: (_kind: unknown, pod: V1Pod) => told.push(`event ${pod.metadata?.name}`) };
  const client = {
    patch: async (_kind: unknown, at: { name: string }) => {
      told.push(`condition ${at.name}`);
    },
  };
  const make = () =>
    new Refusals({
      client: client as unknown as Client,
      events: events as unknown as EventRecorder,
      clock,
      logger: silentLogger,
    });
  const refuse = (refusals: Refusals, name: string, message = 'no room') =>
    refusals.tell({ pod: makePod(name), reason: 'Unschedulable', message });
  const conditions = () => told.filter((line) => line.startsWith('condition')).length;
  const settle = async () => {
    for (let turn = 0; turn < 2_000; turn++) await Promise.resolve();
  };
  beforeEach(() => {
    told.length = 0;
  });

  it('tells one at once, by an event and a condition, and the same once only', async () => {
    const refusals = make();
    refuse(refusals, 'a');
    refuse(refusals, 'a');
    await settle();
    expect(told).toEqual(['event a', 'condition a']);
    refuse(refusals, 'a', 'no memory');
    await settle();
    expect(conditions()).toBe(2);
  });

  it('tells a storm of them in time, and nothing after it has stopped', async () => {
    const refusals = make();
    for (let i = 0; i < 1_000; i++) refuse(refusals, `p${i}`);
    await settle();
    expect(conditions()).toBe(200);
    await clock.advance(1_000);
    await settle();
    expect(conditions()).toBeGreaterThanOrEqual(299);
    expect(conditions()).toBeLessThanOrEqual(301);
    refusals.stop();
    await clock.advance(10_000);
    await settle();
    expect(conditions()).toBeLessThanOrEqual(301);
  });

  it('tells a pod that room is being made for only if it has not got its place soon', async () => {
    const refusals = make();
    const nominate = (name: string) =>
      refusals.tell({ pod: makePod(name), reason: 'Unschedulable', message: 'no room', nominatedNodeName: 'n1' });
    nominate('soon bound');
    nominate('waits');
    refuse(refusals, 'finds room by itself');
    refuse(refusals, 'turns out to need room');
    nominate('turns out to need room');
    nominate('is refused after all');
    refuse(refusals, 'is refused after all');
    await settle();
    const atOnce = ['finds room by itself', 'turns out to need room', 'is refused after all'];
    expect(told.filter((line) => line.startsWith('event')).sort()).toEqual(
      atOnce.map((name) => `event ${name}`).sort(),
    );
    told.length = 0;
    refusals.forget('soon bound');
    await clock.advance(99);
    await settle();
    expect(told).toEqual([]);
    await clock.advance(1);
    await settle();
    expect(told.sort()).toEqual(
      ['event turns out to need room', 'event waits', 'condition turns out to need room', 'condition waits'].sort(),
    );
    nominate('too late');
    refusals.stop();
    await clock.advance(1_000);
    await settle();
    expect(conditions()).toBe(2);
  });

  it('tells a pod in time whose room is made on one node after the other', async () => {
    const refusals = make();
    for (let at = 0; at < 3; at++) {
      const nominatedNodeName = `n${at}`;
      refusals.tell({ pod: makePod('wanders'), reason: 'Unschedulable', message: 'no room', nominatedNodeName });
      await clock.advance(40);
    }
    await settle();
    expect(told).toEqual(['event wanders', 'condition wanders']);
    refusals.stop();
  });

  it('says no more of a pod that has got its place', async () => {
    const refusals = make();
    for (let i = 0; i < 300; i++) refuse(refusals, `q${i}`);
    for (let i = 0; i < 300; i++) refusals.forget(`q${i}`);
    await clock.advance(10_000);
    await settle();
    expect(conditions()).toBeLessThanOrEqual(2);
    refusals.stop();
  });
});
