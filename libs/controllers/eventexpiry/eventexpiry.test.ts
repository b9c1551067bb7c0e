import { startControllers } from '../../../test/support/controller-world.ts';
import type { CoreV1Event } from '../../api/gen/types.ts';
import { events } from '../../api/kinds/event.ts';
import { rfc3339 } from '../../base/clock.ts';
import { eventLifetimeMs, newEventExpiryController } from './reconcile.ts';

const about = { kind: 'Pod', namespace: 'default', name: 'web' };
const minuteMs = 60_000;

function startWorld() {
  const world = startControllers((context) => [newEventExpiryController(context)]);
  const { client, clock } = world;
  const record = (name: string, times: Partial<CoreV1Event> = {}) => {
    const metadata = { namespace: 'default', name };
    return client.create(events, { metadata, involvedObject: about, ...times } as CoreV1Event);
  };
  const again = (name: string, lastTimestamp: string) =>
    client.patch(events, { namespace: 'default', name }, { type: 'merge', body: { lastTimestamp } });
  const names = () => client.peek(events).map(({ metadata }) => metadata?.name);
  const ago = (ms: number) => rfc3339(clock.now() - ms);
  return { ...world, record, again, names, ago };
}

describe('the expiry of events', () => {
  it('deletes those that have not happened again for their lifetime', async () => {
    const { record, again, names, ago, clock, settle, stop } = startWorld();
    await settle();
    await record('once', { lastTimestamp: ago(0) });
    await record('again', { lastTimestamp: ago(0) });
    await clock.advance(eventLifetimeMs / 2);
    await again('again', ago(0));
    await clock.advance(eventLifetimeMs / 2 - minuteMs);
    expect(names()).toEqual(['once', 'again']);
    await clock.advance(3 * minuteMs);
    expect(names()).toEqual(['again']);
    await clock.advance(eventLifetimeMs / 2);
    expect(names()).toEqual([]);
    await stop();
  });

  const found: Array<{ name: string; times: (ago: (ms: number) => string) => Partial<CoreV1Event>; stays: boolean }> = [
    { name: 'created long ago', times: () => ({}), stays: false },
    { name: 'seen lately', times: (ago) => ({ lastTimestamp: ago(minuteMs) }), stays: true },
    {
      name: 'a series that goes on',
      times: (ago) => ({
        series: { count: 2, lastObservedTime: ago(minuteMs) },
        lastTimestamp: ago(2 * eventLifetimeMs),
      }),
      stays: true,
    },
    { name: 'without a time that can be read', times: () => ({ lastTimestamp: 'then' }), stays: true },
  ];
  it.each(found)('judges what it finds: $name', async ({ times, stays }) => {
    const { client, record, names, ago, clock, stop } = startWorld();
    await stop();
    await record('old');
    await clock.advance(2 * eventLifetimeMs);
    await client.patch(events, { namespace: 'default', name: 'old' }, { type: 'merge', body: times(ago) });
    const next = startControllers((context) => [newEventExpiryController(context)], { client, clock });
    await clock.advance(2 * minuteMs);
    expect(names()).toEqual(stays ? ['old'] : []);
    await next.stop();
  });
});
