import { FakeClock } from '../../test/support/fake-clock.ts';
import { seededRandom } from '../base/random.ts';
import { WorkQueue } from './queue.ts';

const newQueue = (clock = new FakeClock()) => ({ clock, queue: new WorkQueue({ name: 'test', clock }) });

describe('WorkQueue', () => {
  it('coalesces keys that wait', async () => {
    const { queue } = newQueue();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(queue.depth).toBe(2);
    expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
  });

  it('gives a key that was added meanwhile back after done', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(queue.depth).toBe(1);
  });

  it('takes the earliest of several delays', async () => {
    const { clock, queue } = newQueue();
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 500);
    await clock.advance(99);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('backs off per key until forgotten', async () => {
    const { clock, queue } = newQueue();
    const delays: number[] = [];
    for (let i = 0; i < 4; i++) {
      const start = clock.now();
      queue.retry('a');
      while (queue.depth === 0) await clock.advance(1);
      delays.push(clock.now() - start);
      await queue.take();
      queue.done('a');
    }
    expect(delays).toEqual([5, 10, 20, 40]);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
  });

  it('releases its workers when closed', async () => {
    const { queue } = newQueue();
    const waiting = queue.take();
    queue.close();
    expect(await waiting).toBeUndefined();
    queue.add('a');
    expect(queue.depth).toBe(0);
  });
});

describe('WorkQueue under stress', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`never gives one key to two workers and loses none (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const { clock, queue } = newQueue();
      const keys = Array.from({ length: 10 }, (_, i) => `key${i}`);
      const busy = new Set<string>();
      /** Changes that no worker has seen yet. */
      const unseen = new Map<string, number>();
      let overlaps = 0;
      const worker = async () => {
        for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
          if (busy.has(key)) overlaps += 1;
          busy.add(key);
          unseen.delete(key);
          const pauseMs = Math.floor(random.next() * 5);
          await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
          busy.delete(key);
          const dice = random.next();
          if (dice < 0.2) queue.retry(key);
          else queue.forget(key);
          queue.done(key);
        }
      };
      const workers = Array.from({ length: 4 }, worker);
      for (let step = 0; step < 500; step++) {
        const key = keys[Math.floor(random.next() * keys.length)] ?? 'key0';
        if (random.next() < 0.3) queue.addAfter(key, Math.floor(random.next() * 50));
        else {
          unseen.set(key, step);
          queue.add(key);
        }
        if (random.next() < 0.3) await clock.advance(Math.floor(random.next() * 4));
      }
      await clock.advance(120_000);
      queue.close();
      await Promise.all(workers);
      expect({ overlaps, unseen: [...unseen.keys()] }).toEqual({ overlaps: 0, unseen: [] });
    });
  }
});
