import { jest } from '@jest/globals';
import { systemClock } from './clock.ts';

const daysMs = 24 * 3_600_000;

describe('timers of the machine', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const delays: Array<{ name: string; delayMs: number }> = [
    { name: 'a moment', delayMs: 5 },
    { name: 'the longest wait that Node knows', delayMs: 2 ** 31 - 1 },
    { name: 'longer than Node can wait', delayMs: 40 * daysMs },
    { name: 'a year', delayMs: 366 * daysMs },
  ];
  it.each(delays)('wait for $name, and call once', ({ delayMs }) => {
    let calls = 0;
    systemClock.setTimer(delayMs, () => calls++);
    jest.advanceTimersByTime(delayMs - 1);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(1);
    expect(calls).toBe(1);
    jest.advanceTimersByTime(delayMs * 2);
    expect(calls).toBe(1);
  });

  it('are cancelled at any time', () => {
    let calls = 0;
    const timer = systemClock.setTimer(80 * daysMs, () => calls++);
    jest.advanceTimersByTime(60 * daysMs);
    timer.cancel();
    jest.advanceTimersByTime(60 * daysMs);
    expect(calls).toBe(0);
  });
});
