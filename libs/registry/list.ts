import { setImmediate } from 'node:timers/promises';
import type { KubeObject } from '../api/meta.ts';
import type { Document } from '../cache/document.ts';
import type { Filter } from '../cache/event.ts';
import { expiredRevision } from '../cache/revisions.ts';
import { CompactedError, type Store } from '../store/store.ts';
import { type Continuation, continuationExpired, decodeContinuation, encodeContinuation } from './continuation.ts';
import { checkListOptions, parseRevision } from './list-options.ts';
import type { Parts } from './parts.ts';
import type { ListAnswer, ListRequest } from './requests.ts';
import { filterOf } from './selection.ts';
import { documentOf } from './writer.ts';

/** Entries read at once when an older state is listed with selectors. */
const historyPageEntries = 500;

/** Lists objects from memory; states of the past come from the store. @throws StatusError. */
export async function listObjects(parts: Parts, store: Store, request: ListRequest): Promise<ListAnswer> {
  checkListOptions(request);
  const filter = filterOf(parts, request);
  // Who takes any version is given all at once, as upstream's cache does.
  const any = request.resourceVersion === '0' && !request.continue;
  const limit = request.limit && request.limit > 0 && !any ? request.limit : undefined;
  if (request.continue) {
    const token = decodeContinuation(request.continue);
    if (token.revision === 0) await parts.mirror.current();
    const from = token.revision === 0 ? { revision: parts.mirror.revision, after: token.after } : token;
    return listFrom({ parts, store, filter, limit, from });
  }
  const revision = parseRevision(request.resourceVersion);
  if (request.resourceVersionMatch === 'Exact' && revision !== undefined) {
    await parts.mirror.shows(revision);
    return listFrom({ parts, store, filter, limit, from: { revision, after: '' } });
  }
  if (revision === undefined) await parts.mirror.current();
  else await parts.mirror.shows(revision);
  const waiting = allReady(parts);
  if (waiting) await waiting;
  return pageOf({ parts, store, filter, limit, from: { revision: parts.mirror.revision, after: '' } });
}

interface Page {
  parts: Parts;
  store: Store;
  filter: Filter;
  limit: number | undefined;
  from: Continuation;
}

/** The state of `from.revision` is still in memory when nothing in the collection has changed since. */
async function listFrom(page: Page): Promise<ListAnswer> {
  const { collection, mirror } = page.parts;
  const { revision, after } = page.from;
  await allReady(page.parts);
  const inMemory = collection.lastChange <= revision && revision <= mirror.revision;
  if (!inMemory) return pageOfThePast(page);
  // Tokens expire with the history, whether or not memory could still serve them: clients get to rely on one rule.
  if (after !== '' && revision < mirror.revision) await pastEntries(page, after, 1);
  return pageOf(page);
}

/** Objects are chosen by what is shown of them, so all are made ready: each of their states once. */
export function allReady({ view, collection, definition }: Parts): Promise<void> | undefined {
  if (!definition.conversion) return undefined;
  return view.ready(Array.from(collection.list({}), ([, document]) => document));
}

/** What selectors look at comes in turns of this many objects, so that other requests get theirs. */
const objectsPerTurn = 200;

async function pageOf(page: Page): Promise<ListAnswer> {
  const { parts, filter, limit, from } = page;
  const { matches } = filter;
  const documents: Document[] = [];
  let last = '';
  let looked = 0;
  let candidates = parts.collection.list({ ...filter, matches: undefined }, from.after);
  for (let next = candidates.next(); !next.done; next = candidates.next()) {
    const [key, document] = next.value;
    if (matches) {
      looked += 1;
      // Before others get their turn, and may write, the state that is listed is held.
      if (looked === objectsPerTurn) candidates = Array.from(candidates).values();
      if (looked % objectsPerTurn === 0) await setImmediate();
      if (!matches(document)) continue;
    }
    if (limit !== undefined && documents.length >= limit) return continued(page, documents, last);
    documents.push(parts.view.shown(document));
    last = key;
  }
  return { documents, revision: from.revision };
}

function continued({ parts, filter, from: { revision } }: Page, documents: Document[], last: string): ListAnswer {
  const answer = { documents, revision, continue: encodeContinuation({ revision, after: last }) };
  if (filter.matches || filter.name !== undefined) return answer;
  return { ...answer, remaining: parts.collection.countAfter(filter, last) };
}

async function pageOfThePast(asked: Page): Promise<ListAnswer> {
  const { parts, filter, limit, from } = asked;
  const root = parts.view.prefix;
  const documents: Document[] = [];
  let { after } = from;
  for (;;) {
    const page = await pastEntries(asked, after, historyPageEntries);
    const past = page.entries.map((entry) => ({ entry, document: documentOf(entry) }));
    await parts.view.ready(past.map(({ document }) => document));
    for (const { entry, document } of past) {
      after = entry.key.slice(root.length);
      if (!shown(filter, document)) continue;
      documents.push(parts.view.shown(document));
      if (limit === undefined || documents.length < limit) continue;
      if (!page.more && entry === page.entries[page.entries.length - 1]) break;
      const next = encodeContinuation({ revision: from.revision, after });
      return { documents, revision: from.revision, continue: next };
    }
    if (!page.more) return { documents, revision: from.revision };
  }
}

function shown(filter: Filter, document: Document): boolean {
  if (filter.name !== undefined && (document.object as KubeObject).metadata?.name !== filter.name) return false;
  return !filter.matches || filter.matches(document);
}

/** @throws StatusError Expired when the state is no longer kept. */
async function pastEntries({ parts, store, filter, from }: Page, after: string, limit: number) {
  const root = parts.view.prefix;
  const prefix = filter.namespace === undefined ? root : `${root}${filter.namespace}/`;
  try {
    return await store.list(prefix, { revision: from.revision, after: after === '' ? undefined : root + after, limit });
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw from.after === '' ? expiredRevision(from.revision, error.compactedRevision) : continuationExpired(from.after);
  }
}
