import { expect, it } from '@jest/globals';
import { GuardFailedError, type Store } from '../store.ts';
import { bytes, put, text } from './follower.ts';

/** What transactions that are written together owe each other. */
export function describeNeighbours(the: () => Store): void {
  it('lets no transaction fail for the sake of another', async () => {
    await put(the(), '/w/taken', 'x');
    const attempts = Array.from({ length: 300 }, (_, at) => {
      const fails = at % 3 === 0;
      const guards = [{ key: fails ? '/w/taken' : `/w/${at}`, revision: 0 }];
      return the()
        .commit({ guards, writes: [{ key: `/w/${at}`, value: bytes(String(at)) }] })
        .then(
          ({ writeRevisions }) => writeRevisions[0],
          (error: unknown) => (error instanceof GuardFailedError ? error.current.map(({ key }) => key).join() : error),
        );
    });
    for (const [at, outcome] of (await Promise.all(attempts)).entries()) {
      const entry = await the().get(`/w/${at}`);
      if (at % 3 === 0) expect([outcome, entry]).toEqual(['/w/taken', undefined]);
      else expect([outcome, text(entry?.value)]).toEqual([entry?.revision, String(at)]);
    }
  });

  it('lets one of two win whose guards hold only without the other', async () => {
    const crossing = async (round: number) => {
      const one = `/w/${round}/one`;
      const other = `/w/${round}/other`;
      const claim = (mine: string, theirs: string) =>
        the().commit({ guards: [{ key: theirs, revision: 0 }], writes: [{ key: mine, value: bytes('mine') }] });
      const results = await Promise.allSettled([claim(one, other), claim(other, one)]);
      return results.filter(({ status }) => status === 'fulfilled').length;
    };
    const winners = await Promise.all(Array.from({ length: 100 }, (_, round) => crossing(round)));
    expect(new Set(winners)).toEqual(new Set([1]));
  });
}
