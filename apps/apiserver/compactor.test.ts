import { silentLogger } from '../../libs/base/log.ts';
import type { StoreMirror } from '../../libs/cache/mirror.ts';
import type { Store } from '../../libs/store/store.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Compactor, historyKeptMs } from './compactor.ts';

describe('the compactor', () => {
  const clock = new FakeClock();
  const mirror = { revision: 1 };
  let compacted: Array<{ revision: number; atMs: number }> = [];
  const store = {
    compact: async (revision: number) => void compacted.push({ revision, atMs: clock.monotonic() }),
  };
  const parts = { store: store as unknown as Store, mirror: mirror as StoreMirror, clock, logger: silentLogger };

  it('keeps every state long enough, drops it soon after, and lets a cluster at rest alone', async () => {
    const compactor = new Compactor(parts);
    compactor.start();
    const madeAtMs = new Map<number, number>();
    const stepMs = historyKeptMs / 10;
    for (let step = 0; step < 60; step++) {
      if (step < 30) madeAtMs.set(++mirror.revision, clock.monotonic());
      await clock.advance(stepMs);
    }
    for (const { revision, atMs } of compacted) {
      const madeMs = madeAtMs.get(revision)!;
      expect(atMs - madeMs).toBeGreaterThanOrEqual(historyKeptMs);
      expect(atMs - madeMs).toBeLessThanOrEqual(1.5 * historyKeptMs);
    }
    expect(compacted.at(-1)?.revision).toBe(mirror.revision);
    expect(new Set(compacted.map(({ revision }) => revision)).size).toBe(compacted.length);
    compacted = [];
    await clock.advance(3 * historyKeptMs);
    expect(compacted).toEqual([]);
    compactor.stop();
    expect(clock.timers).toBe(0);
  });
});
