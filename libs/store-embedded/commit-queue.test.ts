import { GuardFailedError, StoreUnavailableError } from '../store/store.ts';
import { CommitQueue, type CommitTarget } from './commit-queue.ts';

it('refuses a bad key by a rejection', async () => {
  const queue = new CommitQueue({} as CommitTarget);
  const refused = queue.commit({ guards: [], writes: [{ key: '', value: null }] });
  await expect(refused).rejects.toThrow('a key');
});

it('answers all others of a batch when the row of a failed guard cannot be read', async () => {
  const target: CommitTarget = {
    stateOf: (key) => (key === '/new' ? undefined : { revision: 1, createRevision: 1 }),
    entryOf: (key) => {
      if (key === '/damaged') throw new StoreUnavailableError('no row');
      return { key, value: Buffer.from('x'), revision: 1 };
    },
    newestRevision: () => 1,
    persist: async () => {},
    publish: () => {},
  };
  const queue = new CommitQueue(target);
  const guarded = (key: string) => queue.commit({ guards: [{ key, revision: 7 }], writes: [] });
  const damaged = expect(guarded('/damaged')).rejects.toThrow(StoreUnavailableError);
  const sound = expect(guarded('/sound')).rejects.toThrow(GuardFailedError);
  const written = queue.commit({ guards: [], writes: [{ key: '/new', value: Buffer.from('x') }] });
  await Promise.all([damaged, sound]);
  expect(await written).toEqual({ revision: 2, writeRevisions: [2] });
  await queue.drained();
});
