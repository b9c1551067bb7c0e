/** A timer that has been set; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** Time as the program sees it. Injected everywhere so that tests can own it. */
export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `run` once, no sooner than `delayMs` from now. */
  setTimer(delayMs: number, run: () => void): Timer;
}

/** The longest delay that Node can wait for at once, about 25 days; it calls anything longer at once. */
const timerMsMax = 2 ** 31 - 1;

/** The machine's own clock. A timer keeps the process alive until it has run or is cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, run) {
    let handle: ReturnType<typeof setTimeout>;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, timerMsMax);
      handle = setTimeout(leftMs > stepMs ? () => wait(leftMs - stepMs) : run, stepMs);
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`, or rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** RFC 3339 with whole seconds, the form of metav1.Time. */
export function rfc3339(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== lastSecond.second) lastSecond = { second, text: `${new Date(epochMs).toISOString().slice(0, 19)}Z` };
  return lastSecond.text;
}

/** Many writes fall into one second. */
let lastSecond = { second: Number.NaN, text: '' };

/** RFC 3339 with microseconds, the form of metav1.MicroTime. */
export function rfc3339Micro(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 23)}000Z`;
}
