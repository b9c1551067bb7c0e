import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Log } from './log.ts';

it.each<{ name: string; flush: () => Promise<void>; fails: boolean }>([
  { name: 'that is flushed', flush: async () => {}, fails: false },
  { name: 'that cannot be flushed', flush: () => Promise.reject(new Error('no space')), fails: true },
])('a write $name leaves no timer behind', async ({ flush, fails }) => {
  const path = mkdtempSync(join(tmpdir(), 'berth-log-'));
  const clock = new FakeClock();
  const log = new Log(path, clock);
  const { database } = log as unknown as { database: object };
  Object.defineProperty(database, 'flushed', { get: flush });
  const outcome = log.write({ puts: [{ row: Buffer.from('a'), value: Buffer.from('b') }], removals: [] });
  if (fails) await expect(outcome).rejects.toThrow('no space');
  else await outcome;
  await clock.settle();
  expect(clock.timers).toBe(0);
  await log.close();
  rmSync(path, { recursive: true });
});
