import type { KubeObject, ObjectName } from '../api/meta.ts';
import { objectKey } from '../api/meta.ts';
import { sameValue } from '../api/validation/equality.ts';
import { Document } from '../cache/document.ts';
import { GuardFailedError } from '../store/store.ts';
import { conflict, modifiedMeanwhile, notFound } from './errors.ts';
import { mayGo } from './finalization.ts';
import type { Parts } from './parts.ts';
import { commitWithin } from './quotas.ts';
import { guardFailureAt, writeAttemptsMax } from './writer.ts';

export interface Modification {
  readonly at: ObjectName;
  readonly dryRun: boolean;
  readonly subresource?: string;
  /** The new state for a previous one, or undefined when nothing is to be written. Called again after a lost race. */
  next(previous: Document): Promise<KubeObject | undefined> | KubeObject | undefined;
}

/** What came of it. `gone`: the change removed the last thing that kept the object. */
export interface Modified {
  readonly document: Document;
  readonly gone: boolean;
}

/** Reads an object, computes its next state and writes it, guarded by its revision. @throws StatusError. */
export async function modifyObject(parts: Parts, modification: Modification): Promise<Modified> {
  const { definition, collection } = parts;
  const relative = objectKey(modification.at);
  const { view } = parts;
  const key = view.prefix + relative;
  await parts.mirror.current();
  let stored = collection.get(relative);
  for (let attempt = 1; attempt <= writeAttemptsMax; attempt++) {
    if (!stored) throw notFound(definition, modification.at.name);
    const waiting = view.ready([stored]);
    if (waiting) await waiting;
    const previous = view.shown(stored);
    const next = await modification.next(previous);
    if (!next) return { document: previous, gone: false };
    const gone = mayGo(next, parts.behaviour);
    if (!gone && unchanged(next, previous.object)) return { document: previous, gone: false };
    const rider = parts.behaviour.reserve?.(gone ? undefined : next, previous.object);
    const { subresource } = modification;
    const write = { definition, object: next, previous: previous.object, subresource };
    if (modification.dryRun) {
      await parts.quotas?.check(write);
      return { document: dryRunDocument(next, previous), gone };
    }
    const made = view.value(next, stored);
    const value = made instanceof Promise ? await made : made;
    try {
      const { writeRevisions } = await commitWithin(parts, write, {
        guards: [{ key, revision: previous.revision }, ...(rider?.guards ?? [])],
        writes: [{ key, value: gone ? null : value }, ...(rider?.writes ?? [])],
      });
      const revision = writeRevisions[0]!;
      const cached = collection.get(relative);
      const written = cached?.revision === revision ? cached : Document.ofValue(value, revision);
      const showing = view.ready([written]);
      if (showing) await showing;
      return { document: view.shown(written), gone };
    } catch (error) {
      const failure = guardFailureAt(error, key);
      if (!failure && !(rider?.retries && error instanceof GuardFailedError)) throw error;
      if (failure) stored = failure.current;
    }
  }
  throw conflict(definition, modification.at.name, modifiedMeanwhile);
}

/** A write that changes nothing but its own traces is none. */
function unchanged(next: KubeObject, previous: KubeObject): boolean {
  const { metadata, ...rest } = next;
  const { metadata: before, ...restBefore } = previous;
  const { resourceVersion: _1, managedFields: owned, ...kept } = metadata ?? {};
  const { resourceVersion: _2, managedFields: ownedBefore, ...keptBefore } = before ?? {};
  return sameValue(kept, keptBefore) && sameOwnership(owned, ownedBefore) && sameValue(rest, restBefore);
}

type Owned = NonNullable<NonNullable<KubeObject['metadata']>['managedFields']>;

function sameOwnership(a: Owned | undefined, b: Owned | undefined): boolean {
  const timeless = (list: Owned | undefined) => list?.map(({ time: _, ...entry }) => entry);
  return sameValue(timeless(a), timeless(b));
}

function dryRunDocument(next: KubeObject, previous: Document): Document {
  const { metadata, ...rest } = next;
  const { kind, apiVersion, ...fields } = rest;
  const shown = { ...metadata, resourceVersion: String(previous.revision) };
  return Document.ofObject({ kind, apiVersion, metadata: shown, ...fields } as KubeObject);
}
