import { expect, it } from '@jest/globals';
import { sleep, systemClock } from '../../base/clock.ts';
import type { Store } from '../store.ts';
import { bytes, Follower, put, remove, told } from './follower.ts';

export function describeWatches(the: () => Store): void {
  it('delivers what happened after a revision and then what happens, once and in order', async () => {
    const first = await put(the(), '/w/a', '1');
    const second = await put(the(), '/w/a', '2');
    await put(the(), '/other', 'x');
    const follower = new Follower(the(), '/w/', first);
    const third = await put(the(), '/w/b', '3');
    const fourth = await remove(the(), '/w/a');
    await follower.until(3);
    await follower.stop();
    expect(told(follower.events)).toEqual([
      ['/w/a', '2', second],
      ['/w/b', '3', third],
      ['/w/a', null, fourth],
    ]);
    expect(follower.revision).toBeGreaterThanOrEqual(fourth);
  });

  it('never splits a transaction', async () => {
    const start = await put(the(), '/w/start', '');
    const follower = new Follower(the(), '/w/', start);
    const keys = Array.from({ length: 20 }, (_, i) => `/w/${i}`);
    const turns = Array.from({ length: 50 }, (_, turn) => `${turn}`);
    const committed = await Promise.all(
      turns.map(async (turn) => {
        const writes = keys.map((key) => ({ key, value: bytes(turn) }));
        const { writeRevisions } = await the().commit({ guards: [], writes });
        return keys.map((key, at) => [key, turn, writeRevisions[at]!] as const);
      }),
    );
    await follower.until(1000);
    await follower.stop();
    const inOrder = committed.sort(([a], [b]) => a![2] - b![2]).flat();
    expect(told(follower.events)).toEqual(inOrder);
    for (const end of follower.batchEnds) expect(end % keys.length).toBe(0);
  });

  it('gives every watcher the same whole history under a storm of writes', async () => {
    const start = await put(the(), '/w/start', '');
    const early = new Follower(the(), '/w/', start);
    const write = async (i: number) => [`/w/${i % 97}`, `${i}`, await put(the(), `/w/${i % 97}`, `${i}`)] as const;
    const writing = Promise.all(Array.from({ length: 3000 }, (_, i) => write(i)));
    const late = new Follower(the(), '/w/', start);
    const written = await writing;
    const afterwards = new Follower(the(), '/w/', start);
    for (const follower of [early, late, afterwards]) await follower.until(3000);
    for (const follower of [early, late, afterwards]) await follower.stop();
    expect(told(early.events)).toEqual(written.sort(([, , a], [, , b]) => a - b));
    expect(told(late.events)).toEqual(told(early.events));
    expect(told(afterwards.events)).toEqual(told(early.events));
  });

  it('starts now when no revision is given, and ends quietly', async () => {
    await put(the(), '/w/before', '');
    const follower = new Follower(the(), '/w/');
    await sleep(systemClock, 150);
    await put(the(), '/w/after', '');
    await follower.until(1);
    await follower.stop();
    expect(follower.events.map(({ key }) => key)).toEqual(['/w/after']);
    expect(follower.error).toBeUndefined();
  });
}
