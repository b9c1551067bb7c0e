import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { type ClaimedRanges, claimRanges } from './range-claims.ts';
import { chooseRanges } from './ranges.ts';

describe('claimRanges', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-claims-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const claim = (clusterId: string): Promise<ClaimedRanges> =>
    claimRanges({ clusterId, directory, clock: systemClock, choose: async (claimed) => chooseRanges(claimed) });

  it('gives clusters that start at the same moment different ranges', async () => {
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map(claim));
    for (const kind of ['nodes', 'pods', 'services'] as const) {
      expect(new Set(claims.map(({ ranges }) => ranges[kind])).size).toBe(4);
    }
    await Promise.all(claims.map(({ release }) => release()));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes no heed of the claims of the dead, of its own, or of what is none', async () => {
    const usual = chooseRanges([]);
    writeFileSync(join(directory, 'dead.json'), JSON.stringify({ record: { pid: 1, startTicks: -1 }, ranges: usual }));
    writeFileSync(join(directory, 'torn.json'), '{"record":');
    await claim('a');
    expect((await claim('a')).ranges).toEqual(usual);
  });

  it('lets the next one choose when a choice fails', async () => {
    const failing = claimRanges({
      ...{ clusterId: 'a', directory, clock: systemClock },
      choose: () => Promise.reject(new Error('nothing is free')),
    });
    await expect(failing).rejects.toThrow('nothing is free');
    expect((await claim('b')).ranges).toEqual(chooseRanges([]));
  });
});
