import type { KubeObject, ObjectName } from '../api/meta.ts';
import { objectKey } from '../api/meta.ts';
import { sameValue } from '../api/validation/equality.ts';
import { isStatus } from '../base/status.ts';
import { Document } from '../cache/document.ts';
import { GuardFailedError } from '../store/store.ts';
import { conflict, modifiedMeanwhile, notFound } from './errors.ts';
import { mayGo } from './finalization.ts';
import type { Parts, Rider } from './parts.ts';
import { commitWithin, type QuotaWrite } from './quotas.ts';
import { guardFailureAt, writeAttemptsMax } from './writer.ts';

export interface Modification {
  readonly at: ObjectName;
  readonly dryRun: boolean;
  readonly subresource?: string;
  /**
   * The new state for a previous one, or undefined when nothing is to be written. Called again after a lost race,
   * and where a refusal or that nothing is to be written came of a remembered state.
   */
  next(previous: Document): Promise<KubeObject | undefined> | KubeObject | undefined;
}

/** What came of it. `gone`: the change removed the last thing that kept the object. */
export interface Modified {
  readonly document: Document;
  readonly gone: boolean;
}

/**
 * Reads an object, computes its next state and writes it, guarded by its revision. Where others write to the store too,
 * the first attempt is made on the state that this server remembers, since the guard proves that it was the newest one.
 * That there is nothing to write counts only once the store has said that nothing newer stands there. A refusal may come
 * of other objects too, such as the holder of a port or a namespace: it counts only when the attempt began after the
 * store was asked. Otherwise another attempt is made. @throws StatusError.
 */
export async function modifyObject(parts: Parts, modification: Modification): Promise<Modified> {
  const { definition } = parts;
  const basis = new Basis(parts, objectKey(modification.at));
  if (modification.dryRun) await basis.renew();
  for (let attempt = 1; attempt <= writeAttemptsMax; attempt++) {
    const { stored } = basis;
    let planned: Planned;
    try {
      if (!stored) throw notFound(definition, modification.at.name);
      planned = await plan(parts, modification, stored);
    } catch (error) {
      if (basis.isAsked) throw error;
      await basis.renew();
      continue;
    }
    if (planned.value) {
      const written = await write(parts, planned, basis);
      if (written) return { document: written, gone: planned.gone };
    } else if (await basis.isNewest()) return { document: planned.document, gone: planned.gone };
  }
  throw conflict(definition, modification.at.name, modifiedMeanwhile);
}

/** The state that an attempt starts from. */
class Basis {
  stored: Document | undefined;
  private newest: boolean;
  /** Whether all else that this server remembers is as new as the store was when this modification began. */
  isAsked: boolean;

  constructor(
    private readonly parts: Parts,
    readonly place: string,
  ) {
    this.newest = parts.mirror.isCurrent;
    this.isAsked = parts.mirror.isCurrent;
    this.stored = parts.collection.get(place);
  }

  /** Whether this is the state to judge by; if not, the newest one has taken its place. */
  async isNewest(): Promise<boolean> {
    if (this.newest) return true;
    const before = this.stored?.revision;
    await this.renew();
    return this.stored?.revision === before;
  }

  async renew(): Promise<void> {
    await this.parts.mirror.current();
    this.isAsked = true;
    this.replace(this.parts.collection.get(this.place));
  }

  /** By what the store itself holds, of this object alone. */
  replace(stored: Document | undefined): void {
    this.stored = stored;
    this.newest = true;
  }
}

/** What an attempt comes to: the change to be written, or the answer where nothing is. */
type Planned = Change | { readonly value?: undefined; readonly document: Document; readonly gone: boolean };

interface Change {
  readonly value: Buffer;
  readonly gone: boolean;
  readonly previous: Document;
  readonly quota: QuotaWrite;
  readonly rider: Rider | undefined;
}

async function plan(parts: Parts, modification: Modification, stored: Document): Promise<Planned> {
  const { definition, view, behaviour, quotas } = parts;
  const waiting = view.ready([stored]);
  if (waiting) await waiting;
  const previous = view.shown(stored);
  const planned = modification.next(previous);
  const next = planned instanceof Promise ? await planned : planned;
  if (!next) return { document: previous, gone: false };
  const gone = mayGo(next, behaviour);
  if (!gone && unchanged(next, previous.object)) return { document: previous, gone: false };
  const rider = behaviour.reserve?.(gone ? undefined : next, previous.object);
  const quota = { definition, object: next, previous: previous.object, subresource: modification.subresource };
  if (modification.dryRun) {
    await quotas?.check(quota);
    return { document: dryRunDocument(next, previous), gone };
  }
  const made = view.value(next, stored);
  return { value: made instanceof Promise ? await made : made, gone, previous, quota, rider };
}

/** The state that has been written; undefined where the attempt is to be made again, on the basis as it is then. */
async function write(parts: Parts, change: Change, basis: Basis): Promise<Document | undefined> {
  const { view, collection } = parts;
  const { value, gone, previous, quota, rider } = change;
  const key = view.prefix + basis.place;
  try {
    const { writeRevisions } = await commitWithin(parts, quota, {
      guards: [{ key, revision: previous.revision }, ...(rider?.guards ?? [])],
      writes: [{ key, value: gone ? null : value }, ...(rider?.writes ?? [])],
    });
    const revision = writeRevisions[0]!;
    const cached = collection.get(basis.place);
    const written = cached?.revision === revision ? cached : Document.ofValue(value, revision);
    const showing = view.ready([written]);
    if (showing) await showing;
    return view.shown(written);
  } catch (error) {
    const failure = guardFailureAt(error, key);
    if (failure) basis.replace(failure.current);
    else if (isStatus(error, 'Forbidden')) {
      // By a quota, which counts what the write adds to the basis.
      if (await basis.isNewest()) throw error;
    } else if (!(rider?.retries && error instanceof GuardFailedError)) throw error;
    return undefined;
  }
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
