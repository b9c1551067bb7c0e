import { sleep, systemClock } from '../../libs/base/clock.ts';

export interface Patience {
  readonly waitMsMax?: number;
  readonly pollMs?: number;
  /** What is waited for, for the message when it does not come; the condition itself when absent. */
  readonly what?: string;
}

const usualWaitMsMax = 10_000;
const usualPollMs = 10;

/** Waits until a condition holds; one that throws does not hold yet. @throws Error when it does not in time. */
export async function until(condition: () => boolean | Promise<boolean>, patience: Patience = {}): Promise<void> {
  await untilFound(
    async () => condition(),
    (holds) => holds,
    { what: String(condition), ...patience },
  );
}

/** Reads until what is read is as wanted; failures to read are read again. @throws Error when it is not in time. */
export async function untilFound<T>(
  read: () => Promise<T>,
  wanted: (value: T) => boolean,
  { waitMsMax = usualWaitMsMax, pollMs = usualPollMs, what = String(wanted) }: Patience = {},
): Promise<T> {
  const endMs = systemClock.monotonic() + waitMsMax;
  for (;;) {
    let last: unknown;
    try {
      const value = await read();
      if (wanted(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (systemClock.monotonic() > endMs) throw new Error(`not within ${waitMsMax} ms: ${what}`, { cause: last });
    await sleep(systemClock, pollMs);
  }
}
