import { FakeClock } from '../../test/support/fake-clock.ts';
import { FlushQueue, flushPauseMsMax } from './flush-queue.ts';

describe('FlushQueue', () => {
  it('writes at once, and once for all that gathered', async () => {
    const clock = new FakeClock();
    const queue = new FlushQueue(clock);
    let flushes = 0;
    const stream = { flush: () => (flushes += 1) };
    for (let event = 0; event < 5; event++) queue.add(stream);
    await clock.settle();
    expect(flushes).toBe(1);
  });

  const passes = [
    { tookMs: 20, pauseMs: 40 },
    { tookMs: 500, pauseMs: flushPauseMsMax },
  ];
  it.each(passes)('waits $pauseMs ms after a pass of $tookMs ms', async ({ tookMs, pauseMs }) => {
    const clock = new FakeClock();
    let nowMs = 0;
    const slow = { now: () => nowMs, monotonic: () => nowMs, setTimer: clock.setTimer.bind(clock) };
    const queue = new FlushQueue(slow);
    let flushes = 0;
    const stream = {
      flush: () => {
        flushes += 1;
        nowMs += tookMs;
      },
    };
    queue.add(stream);
    await clock.settle();
    queue.add(stream);
    await clock.advance(pauseMs - 1);
    expect(flushes).toBe(1);
    await clock.advance(1);
    expect(flushes).toBe(2);
  });
});
