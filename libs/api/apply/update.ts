import type { V1ManagedFieldsEntry } from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import type { TypeSchema } from '../schema/types.ts';
import type { Comparison } from './compare.ts';
import { fieldsOfCreator, zeroObject } from './creator-fields.ts';
import { FieldSet } from './field-set.ts';
import { identityKey, Owner, type Owners, readOwners, writeOwners } from './managers.ts';
import { afterWrite, capUpdaters, changesOf, onlyUnowned, withoutUnowned } from './ownership.ts';
import { ElementError } from './path-element.ts';
import type { Members } from './walk.ts';
import { rootSchema } from './walk.ts';

/** Who writes what, and when. */
export interface WriteContext {
  /** The schema of the object's type. */
  readonly type: TypeSchema;
  /** Name of the field manager: the parameter fieldManager, or the first word of the User-Agent. */
  readonly manager: string;
  /** Version that the write is made in, as in objects: `apps/v1`. */
  readonly apiVersion: string;
  /** `status`, `scale` …; '' or absent for the object itself. */
  readonly subresource?: string;
  /** RFC 3339 in whole seconds; '' for what is not dated. */
  readonly time: string;
  /** Fields that the write cannot change, see resetFieldsOf. */
  readonly resetFields?: FieldSet;
  /** Other versions that the object is served in, by apiVersion: those who wrote in them own fields of theirs. */
  readonly versions?: ReadonlyMap<string, VersionView>;
}

/** How an object looks in another version. */
export interface VersionView {
  readonly type: TypeSchema;
  convert(object: KubeObject): KubeObject;
}

/** Longest name of a field manager. */
export const managerLengthMax = 128;

/** The name that a client writes under when it gives no fieldManager: its program, from the User-Agent. */
export function managerOfUserAgent(userAgent: string | undefined): string {
  const program = (userAgent ?? '').split('/')[0] ?? '';
  return [...program]
    .filter((letter) => letter >= ' ' && letter !== '\u007f')
    .join('')
    .slice(0, managerLengthMax);
}

/** The object without managedFields, sharing everything else. */
export function withoutManagedFields(object: KubeObject): Members {
  if (object.metadata?.managedFields === undefined) return object as Members;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** A list that is empty, or holds one empty entry, asks for everything to be forgotten. */
function asksForReset(entries: readonly V1ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false;
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0);
}

function ownersBefore(previous: KubeObject | undefined, next: KubeObject, subresource: string): Owners {
  const former = readOwners(previous?.metadata?.managedFields) ?? new Map();
  if (subresource !== '') return former;
  const given = next.metadata?.managedFields;
  if (asksForReset(given)) return new Map();
  const owners = readOwners(given);
  return owners && owners.size > 0 ? owners : former;
}

function changesByVersion(
  { before, after }: { before: unknown; after: unknown },
  versions: ReadonlyMap<string, VersionView>,
  reset: FieldSet,
): (apiVersion: string) => Comparison | undefined {
  return (apiVersion) => {
    const view = versions.get(apiVersion);
    if (!view) return undefined;
    const shown = (object: unknown) => withoutManagedFields(view.convert(object as KubeObject));
    return changesOf(shown(before), shown(after), { schema: rootSchema(view.type), reset });
  };
}

/** The changed part of the owners after an update, with what the writer sets added to what it owned. */
export function ownersAfterUpdate(
  owners: Owners,
  objects: { before: unknown; after: unknown },
  context: WriteContext,
): Owners {
  const reset = context.resetFields ?? FieldSet.empty;
  const changes = changesOf(objects.before, objects.after, { schema: rootSchema(context.type), reset });
  const { apiVersion, subresource = '' } = context;
  const identity = { manager: context.manager || 'unknown', operation: 'Update', apiVersion, subresource } as const;
  const key = identityKey(identity);
  const left = afterWrite(owners, key, changes, context.versions && changesByVersion(objects, context.versions, reset));
  const changed = changes.modified.union(changes.added);
  const set = withoutUnowned(changed);
  // What the writer set before and sets again stays its own, so that its fields mostly remain as they were written.
  const before = owners.get(key);
  const own = before?.losing(changes.removed.union(onlyUnowned(changed)));
  if (!set.isEmpty) left.set(key, own ? own.adding(set, context.time) : new Owner(identity, context.time, set));
  else if (own && own !== before) {
    if (own.set.isEmpty) left.delete(key);
    else left.set(key, own);
  }
  return left;
}

/**
 * Records in `next` who set which of its fields, for every write but apply: create (`previous` is undefined), update,
 * and patch. Changes only `next.metadata.managedFields`; `next` is the object as it will be stored, defaults and all.
 */
export function updateManagedFields(previous: KubeObject | undefined, next: KubeObject, context: WriteContext): void {
  next.metadata ??= {};
  const { metadata } = next;
  const isFirst = previous === undefined && metadata.managedFields === undefined;
  const owners = isFirst ? nobody : ownersBefore(previous, next, context.subresource ?? '');
  if (owners.size === 0 && previous !== undefined) {
    delete metadata.managedFields;
    return;
  }
  metadata.managedFields = undefined;
  const before = previous === undefined ? zeroObject(context.type) : withoutManagedFields(previous);
  const created = previous === undefined && owners.size === 0 ? resetNames(context.resetFields) : undefined;
  const entries = created
    ? creatorOf(next as Members, created, context)
    : writeOwners(capUpdaters(ownersOrNone(owners, { before, after: next }, previous ? context : atFirst(context))));
  if (entries) metadata.managedFields = entries;
  else delete metadata.managedFields;
}

/** What is not there yet looks like nothing in any version. */
const atFirst = (context: WriteContext): WriteContext => ({ ...context, versions: undefined });

const nobody: Owners = new Map();
const namesOfResets = new WeakMap<FieldSet, ReadonlySet<string>>();

/** The names of the fields that are reset, when whole fields of the object are; undefined when parts of them are. */
function resetNames(reset: FieldSet = FieldSet.empty): ReadonlySet<string> | undefined {
  let names = namesOfResets.get(reset);
  if (names) return names;
  const children = [...reset.children];
  if (!children.every(([, child]) => child.member && child.children.size === 0)) return undefined;
  names = new Set(children.map(([element]) => element.slice(2)));
  namesOfResets.set(reset, names);
  return names;
}

/** Who creates an object owns all that it sets. */
function creatorOf(
  object: Members,
  reset: ReadonlySet<string>,
  context: WriteContext,
): V1ManagedFieldsEntry[] | undefined {
  const { type, apiVersion, subresource = '', time } = context;
  try {
    const fields = fieldsOfCreator(object, { type, reset });
    if (!fields) return undefined;
    const identity = { manager: context.manager || 'unknown', operation: 'Update', apiVersion, subresource } as const;
    return [new Owner(identity, time, fields).toEntry()];
  } catch (error) {
    if (error instanceof ElementError) return undefined;
    throw error;
  }
}

/** An object with items that lack their keys has no owners; validation is what refuses it, with better words. */
function ownersOrNone(owners: Owners, objects: { before: unknown; after: unknown }, context: WriteContext): Owners {
  try {
    return ownersAfterUpdate(owners, objects, context);
  } catch (error) {
    if (error instanceof ElementError) return new Map();
    throw error;
  }
}
