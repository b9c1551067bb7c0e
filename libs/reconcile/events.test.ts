import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { events } from '../api/kinds/event.ts';
import { pods } from '../api/kinds/pod.ts';
import { seededRandom } from '../base/random.ts';
import { EventRecorder } from './events.ts';

function makeWorld() {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const client = new FakeClient({ clock, random });
  const recorder = new EventRecorder({ client, clock, random, component: 'tester' });
  const say = async (message: string) => {
    recorder.record(pods, makePod('a').build(), { type: 'Normal', reason: 'Tried', message });
    await recorder.flush();
  };
  return {
    clock,
    client,
    recorder,
    say,
    told: () => client.peek(events).map(({ count, message }) => `${count} ${message}`),
  };
}

describe('EventRecorder', () => {
  it('counts what happens again', async () => {
    const { say, told } = makeWorld();
    for (let i = 0; i < 3; i++) await say('once more');
    expect(told()).toEqual(['3 once more']);
  });

  it('says who speaks and what was done', async () => {
    const { client, recorder } = makeWorld();
    const happening = { type: 'Warning', reason: 'FailedScheduling', message: 'no room' } as const;
    recorder.record(pods, makePod('a').build(), happening);
    recorder.record(pods, makePod('b').build(), { ...happening, action: 'Scheduling', component: 'packer' });
    await recorder.flush();
    expect(client.peek(events)).toMatchObject([
      { source: { component: 'tester' }, reportingComponent: 'tester' },
      { source: { component: 'packer' }, reportingComponent: 'packer', action: 'Scheduling' },
    ]);
  });

  it('combines what is alike after ten', async () => {
    const { say, told } = makeWorld();
    for (let i = 0; i < 14; i++) await say(`number ${i}`);
    expect(told()).toHaveLength(11);
    expect(told().at(-1)).toBe('4 (combined from similar events): number 13');
  });

  it('is silent about one object after a burst, and speaks again later', async () => {
    const { clock, client, say, told } = makeWorld();
    for (let i = 0; i < 40; i++) await say('again');
    expect(told()).toEqual(['25 again']);
    await clock.advance(300_000);
    await say('again');
    expect(told()).toEqual(['26 again']);
    expect(client.requests.filter((request) => request.startsWith('create'))).toHaveLength(1);
  });
});
