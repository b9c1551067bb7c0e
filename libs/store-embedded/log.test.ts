import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { systemClock } from '../base/clock.ts';
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

it.each([1, 40])('a batch of %d is on its way while the thread that asked for it has no time', async (count) => {
  const path = mkdtempSync(join(tmpdir(), 'berth-log-'));
  const log = new Log(path, systemClock);
  const value = Buffer.from('the value of the newest row');
  const puts = Array.from({ length: count }, (_, at) => ({ row: Buffer.from(`row-${at}`), value }));
  const written = log.write({ puts, removals: [] });
  const giveUpMs = systemClock.monotonic() + 10_000;
  const isThere = () => readFileSync(join(path, 'data.mdb')).includes(value);
  let seen = isThere();
  while (!seen && systemClock.monotonic() < giveUpMs) seen = isThere();
  expect(seen).toBe(true);
  await written;
  await log.close();
  rmSync(path, { recursive: true });
});
