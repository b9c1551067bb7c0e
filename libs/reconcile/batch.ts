/**
 * Calls `run` `count` times in batches of 1, 2, 4 … in parallel, and stops after the first batch with a failure: what is
 * bound to fail (a quota, say) fails once and not `count` times. Rejects with that failure.
 */
export async function slowStart(count: number, run: () => Promise<void>): Promise<void> {
  for (let started = 0, size = 1; started < count; size *= 2) {
    const batch = Math.min(size, count - started);
    const outcomes = await Promise.allSettled(Array.from({ length: batch }, run));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    started += batch;
  }
}
