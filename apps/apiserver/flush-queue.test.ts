import { FakeClock } from '../../test/support/fake-clock.ts';
import { FlushQueue, flushPeriodMsMax, flushPeriodMsMin, streamsPerTurn } from './flush-queue.ts';

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
    { tookMs: 0, pauseMs: flushPeriodMsMin },
    { tookMs: 5, pauseMs: 10 },
    { tookMs: 20, pauseMs: flushPeriodMsMax - 20 },
    { tookMs: 500, pauseMs: 0 },
  ];
  it('writes at once again when it has been idle', async () => {
    const clock = new FakeClock();
    const queue = new FlushQueue(clock);
    let flushes = 0;
    const stream = { flush: () => (flushes += 1) };
    for (let event = 1; event <= 3; event++) {
      queue.add(stream);
      await clock.settle();
      expect(flushes).toBe(event);
      await clock.advance(flushPeriodMsMin);
    }
  });

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
    if (pauseMs > 0) {
      await clock.advance(pauseMs - 1);
      expect(flushes).toBe(1);
    }
    await clock.advance(1);
    expect(flushes).toBe(2);
  });

  it('lets others have their turn within a long pass, and forgets nobody who comes meanwhile', async () => {
    const clock = new FakeClock();
    const queue = new FlushQueue(clock);
    const log: string[] = [];
    const streams = Array.from({ length: 2 * streamsPerTurn }, (_, index) => ({
      flush: () => {
        log.push(`stream ${index}`);
        if (index > 0 || log.length > 1) return;
        setImmediate(() => log.push('request'));
        queue.add(streams[0]!);
      },
    }));
    for (const stream of streams) queue.add(stream);
    await clock.settle();
    await clock.advance(flushPeriodMsMax);
    expect(log.indexOf('request')).toBe(streamsPerTurn);
    expect(log).toHaveLength(streams.length + 2);
    expect(log[log.length - 1]).toBe('stream 0');
  });
});
