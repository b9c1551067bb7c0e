import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FaultyClient, noFaults } from '../../test/support/faulty-client.ts';
import { seededRandom } from '../base/random.ts';
import { LeaderElection } from './leader.ts';

function makeWorld() {
  const clock = new FakeClock();
  const random = seededRandom(3);
  const api = new FakeClient({ clock, random });
  let leaders = 0;
  let mostLeaders = 0;
  const order: string[] = [];
  const candidate = (identity: string) => {
    const client = new FaultyClient(api, { clock, random, faults: noFaults });
    const stop = new AbortController();
    const lease = { namespace: 'kube-system', name: 'test' };
    const election = new LeaderElection({ client, clock, random, lease, identity });
    const lead = async (until: AbortSignal) => {
      order.push(identity);
      leaders += 1;
      mostLeaders = Math.max(mostLeaders, leaders);
      if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
      leaders -= 1;
    };
    const running = election.run(lead, stop.signal).catch(() => {});
    return { client, stop, running };
  };
  return { clock, candidate, order, most: () => mostLeaders };
}

describe('LeaderElection', () => {
  it('lets one lead, and the next when it gives up', async () => {
    const { clock, candidate, order, most } = makeWorld();
    const first = candidate('a');
    await clock.settle();
    const second = candidate('b');
    await clock.advance(30_000);
    expect(order).toEqual(['a']);
    first.stop.abort();
    await clock.advance(5_000);
    expect(order).toEqual(['a', 'b']);
    second.stop.abort();
    await clock.advance(5_000);
    await Promise.all([first.running, second.running]);
    expect(most()).toBe(1);
  });

  it('a leader that is cut off stops before another starts', async () => {
    const { clock, candidate, order, most } = makeWorld();
    const first = candidate('a');
    await clock.settle();
    const second = candidate('b');
    await clock.advance(10_000);
    first.client.faults = { ...noFaults, lostRequest: 1 };
    await clock.advance(40_000);
    expect(order).toEqual(['a', 'b']);
    expect(most()).toBe(1);
    second.stop.abort();
    await clock.advance(5_000);
    await Promise.all([first.running, second.running]);
  });
});
