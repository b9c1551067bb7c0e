import type { Clock } from '../base/clock.ts';
import { CompactedError, type Entry, type ListPage, type WatchEvent } from '../store/store.ts';
import { changesOf } from './changes.ts';
import type { Member } from './connection.ts';
import { isCompacted, storeError } from './errors.ts';
import { root } from './keys.ts';
import { type ListRequest, listPage } from './list.ts';
import { modRevisionOf, wholeModRevision } from './revisions.ts';
import { openStream } from './stream.ts';

/**
 * etcd looks at watches that start in the past every 100 ms. For a number that is no write's revision there may be
 * nothing to tell; whoever made it up waits in vain.
 */
const changesMsMax = 10_000;

/** What the later writes of the same transaction replaced: undefined for a key that was not there. */
type Replaced = Map<string, { before: Entry | undefined; isThereAfter: boolean }>;

/** A page of the state behind one write while others of its transaction follow: the state behind all, less those. */
export async function listPageAmid(request: AmidRequest): Promise<ListPage> {
  const { prefix, options, revision } = request;
  const after = options.after ?? '';
  const replaced = await replacedAfter(request, (key) => key.startsWith(prefix) && key > after);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  // As many more as may fall out of the page.
  const page = await listPage({ ...request, options: { ...options, limit: limit + replaced.size } });
  let total = page.entries.length + page.remaining;
  const entries = page.entries.filter(({ key }) => !replaced.has(key));
  const reached = page.more ? page.entries.at(-1)!.key : undefined;
  for (const [key, { before, isThereAfter }] of replaced) {
    if (isThereAfter) total--;
    if (before === undefined) continue;
    total++;
    if (reached === undefined || key <= reached) entries.push(before);
  }
  entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  if (entries.length > limit) entries.length = limit;
  const remaining = total - entries.length;
  return { entries, revision, more: remaining > 0, remaining };
}

interface AmidRequest extends ListRequest {
  clock: Clock;
  revision: number;
}

async function replacedAfter(request: AmidRequest, concerns: (key: string) => boolean): Promise<Replaced> {
  const { connection, clock, revision } = request;
  const stopper = new AbortController();
  const timer = clock.setTimer(changesMsMax, () => stopper.abort());
  try {
    const later = await connection.read('list', (member) => laterChanges(member, request, stopper.signal));
    const replaced = later
      .filter(({ key }) => concerns(key))
      .map(async ({ key, value }) => {
        const before = await connection.read('list', (member) => entryBefore(member, request, key));
        return [key, { before, isThereAfter: value !== null }] as const;
      });
    return new Map(await Promise.all(replaced));
  } catch (error) {
    if (error instanceof CompactedError) throw new CompactedError(revision, error.compactedRevision);
    if (isCompacted(error)) throw new CompactedError(revision, await request.compactedRevision());
    throw storeError(error, 'list');
  } finally {
    timer.cancel();
    stopper.abort();
  }
}

/** What stood at a key before the revision's transaction. A watch can tell that too, but etcd may leave it out. */
async function entryBefore(member: Member, { keys, revision }: AmidRequest, key: string): Promise<Entry | undefined> {
  const answer = await member.range({ key: keys.encode(key), revision: modRevisionOf(revision) - 1 });
  const stored = answer.found[0];
  return stored && keys.entry(stored);
}

/** The changes of the revision's transaction that come after it. */
async function laterChanges(
  member: Member,
  { keys, revision }: AmidRequest,
  signal: AbortSignal,
): Promise<WatchEvent[]> {
  const modRevision = modRevisionOf(revision);
  // Opened a revision early, for the reason that watches are.
  const startRevision = wholeModRevision(revision);
  for await (const answer of openStream(member, { ...keys.range(root), startRevision, signal })) {
    const changes = changesOf(answer.changes, keys);
    if (!changes.some((change) => modRevisionOf(change.revision) >= modRevision)) continue;
    return changes.filter((change) => change.revision > revision && modRevisionOf(change.revision) === modRevision);
  }
  return [];
}
