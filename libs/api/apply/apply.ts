import { StatusError } from '../../base/status.ts';
import type { KubeObject } from '../meta.ts';
import { cloneJson, equalJson } from '../patch/json-value.ts';
import type { ValueSchema } from '../schema/types.ts';
import { problemsOfApplied } from './check.ts';
import { compareValues } from './compare.ts';
import { type Conflict, conflictError, conflictsOf } from './conflict.ts';
import { zeroObject } from './creator-fields.ts';
import { FieldSet } from './field-set.ts';
import { identityKey, Owner, type Owners, readOwners, writeOwners } from './managers.ts';
import { mergeApplied } from './merge.ts';
import { ownedPaths } from './owned.ts';
import { afterWrite, changesOf, takenFromOthers, withoutUnowned } from './ownership.ts';
import { removePaths, withNamedFields } from './remove.ts';
import { sortedJson } from './sorted-json.ts';
import { ownersAfterUpdate, type WriteContext, withoutManagedFields } from './update.ts';
import { isMembers, type Members, rootSchema } from './walk.ts';

export interface ApplyContext extends WriteContext {
  /** Take over fields that others own instead of refusing. */
  readonly force: boolean;
}

export interface Applied {
  /**
   * The object after the apply, managedFields included, as plain data: it still is to be brought into form
   * (conformPatched) and to get defaults. Top-level fields that the apply leaves as they are, are the stored object's
   * own; the rest, metadata always, is a copy.
   */
  readonly object: Members;
  /** Whether the configuration changes nothing but, perhaps, ownership. */
  readonly unchanged: boolean;
}

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

interface Attempt {
  readonly live: Members;
  readonly applied: Members;
  readonly owners: Owners;
  readonly schema: ValueSchema;
  readonly context: ApplyContext;
}

interface Outcome {
  readonly merged: Members;
  readonly owners: Owners;
  readonly conflicts: readonly Conflict[];
}

function refuseUnreadable(applied: Members, schema: ValueSchema, context: ApplyContext): void {
  if (applied.apiVersion !== context.apiVersion) {
    const message = `the configuration is in version ${String(applied.apiVersion)}, the request in ${context.apiVersion}`;
    throw new StatusError('BadRequest', message);
  }
  const metadata = isMembers(applied.metadata) ? applied.metadata : {};
  if (metadata.managedFields !== undefined && metadata.managedFields !== null) {
    throw new StatusError('BadRequest', 'metadata.managedFields must not be set in a configuration that is applied');
  }
  const problems = problemsOfApplied(applied, schema);
  if (problems.length === 0) return;
  const texts = problems.map(({ path, why }) => `${path}: ${why}`);
  throw new StatusError('Unknown', `the configuration does not fit its type: ${texts.join('; ')}`);
}

/**
 * Removes what the applier set the last time, does not set any more, and nobody else owns.
 * @param owners with the applier's new set in place already
 */
function prune(
  merged: Members,
  sets: { last: FieldSet; now: FieldSet },
  { owners, schema }: Pick<Attempt, 'owners' | 'schema'>,
): Members {
  const { last } = sets;
  if (last.difference(sets.now).isEmpty) return merged;
  const named = (set: FieldSet) => withNamedFields(set, schema);
  const mergedSet = named(ownedPaths(merged, schema));
  const without = removePaths(merged, named(last), schema);
  let managed = FieldSet.empty;
  for (const owner of owners.values()) managed = managed.union(owner.set);
  const keptOrOwned = named(ownedPaths(without, schema)).union(named(managed));
  const restored = removePaths(merged, mergedSet.difference(keptOrOwned), schema);
  const gone = mergedSet.difference(named(ownedPaths(restored, schema)));
  return removePaths(merged, gone.intersection(named(last)), schema) as Members;
}

function attempt({ live, applied, owners, schema, context }: Attempt): Outcome {
  const { manager, apiVersion, subresource = '', time } = context;
  const reset = context.resetFields ?? FieldSet.empty;
  const identity = { manager, operation: 'Apply', apiVersion, subresource } as const;
  const key = identityKey(identity);
  const last = owners.get(key)?.set ?? FieldSet.empty;
  const set = ownedPaths(applied, schema).recursiveDifference(reset);
  const claimed: Owners = new Map(owners).set(key, new Owner(identity, time, set));
  const merged = prune(mergeApplied(live, applied, schema) as Members, { last, now: set }, { owners: claimed, schema });
  const changes = changesOf(live, merged, { schema, reset });
  const conflicts = context.force ? [] : conflictsOf(takenFromOthers(claimed, key, changes));
  const left = afterWrite(claimed, key, changes);
  const owned = withoutUnowned(set);
  if (owned.isEmpty) left.delete(key);
  else left.set(key, owners.get(key)?.owning(owned, identity).dated(time) ?? new Owner(identity, time, owned));
  return { merged, owners: left, conflicts };
}

/** Fields that client-side apply set and that stand as it left them: `kubectl apply --server-side` may take them. */
function setByClientSideApply(live: KubeObject, schema: ValueSchema, apiVersion: string): FieldSet {
  const text = live.metadata?.annotations?.[lastAppliedAnnotation];
  if (!text) return FieldSet.empty;
  let lastApplied: unknown;
  try {
    lastApplied = JSON.parse(text);
  } catch {
    return FieldSet.empty;
  }
  if (!isMembers(lastApplied) || lastApplied.apiVersion !== apiVersion) return FieldSet.empty;
  if (problemsOfApplied(lastApplied, schema).length > 0) return FieldSet.empty;
  const { added, modified, removed } = compareValues(lastApplied, withoutManagedFields(live), schema);
  return ownedPaths(lastApplied, schema).difference(modified).difference(added).difference(removed);
}

function resolve(first: Outcome, again: Attempt): Outcome {
  if (first.conflicts.length === 0) return first;
  const { live, schema, context } = again;
  const allowed =
    context.manager === 'kubectl' ? setByClientSideApply(live, schema, context.apiVersion) : FieldSet.empty;
  const left = first.conflicts.filter(({ path }) => !allowed.has(path));
  if (left.length > 0) throw conflictError(left);
  return attempt({ ...again, context: { ...context, force: true } });
}

function syncLastApplied(object: Members, applied: Members, manager: string): void {
  const metadata = isMembers(object.metadata) ? object.metadata : {};
  const annotations = isMembers(metadata.annotations) ? metadata.annotations : {};
  if (manager !== 'kubectl' || !annotations[lastAppliedAnnotation]) return;
  const copy = cloneJson(applied);
  if (isMembers(copy.metadata) && isMembers(copy.metadata.annotations)) {
    delete copy.metadata.annotations[lastAppliedAnnotation];
  }
  annotations[lastAppliedAnnotation] = `${sortedJson(copy)}\n`;
}

/** Owners of an object that has none recorded: all that stands in it is taken for older than the first apply. */
function ownersBefore(current: KubeObject | undefined, context: ApplyContext): Owners {
  const owners = readOwners(current?.metadata?.managedFields) ?? new Map<string, Owner>();
  if (owners.size > 0 || current === undefined) return owners;
  const objects = { before: zeroObject(context.type), after: withoutManagedFields(current) };
  return ownersAfterUpdate(owners, objects, { ...context, manager: 'before-first-apply' });
}

function sharing(merged: Members, live: Members): Members {
  const object: Members = { ...merged };
  for (const name of Object.keys(merged)) {
    if (merged[name] !== live[name] || name === 'metadata') object[name] = cloneJson(merged[name]);
  }
  return object;
}

/** Kubernetes dates an applier's entry by the last time its apply changed the object. */
function withFormerTime(owners: Owners, former: Owners, context: ApplyContext): Owners {
  const { manager, apiVersion, subresource = '' } = context;
  const key = identityKey({ manager, operation: 'Apply', apiVersion, subresource });
  const owner = owners.get(key);
  if (!owner) return owners;
  return new Map(owners).set(key, owner.dated(former.get(key)?.time));
}

/**
 * Server-side apply: merges a configuration into an object, gives its fields to the applier, removes what the applier
 * had set and now leaves out. `current` is the object as stored, undefined when it is to be created; neither it nor
 * `applied` (the configuration as it came) is changed.
 * @throws StatusError Conflict with a cause FieldManagerConflict for each field that another manager owns, unless
 * forced; BadRequest for another version or given managedFields; Unknown (500, as Kubernetes answers) for a
 * configuration that does not fit the type.
 */
export function applyPatch(current: KubeObject | undefined, applied: Members, context: ApplyContext): Applied {
  const schema = rootSchema(context.type);
  refuseUnreadable(applied, schema, context);
  const live = current === undefined ? zeroObject(context.type) : withoutManagedFields(current);
  const owners = ownersBefore(current, context);
  const start: Attempt = { live, applied, owners, schema, context };
  const outcome = resolve(attempt(start), start);
  const unchanged = current !== undefined && equalJson(live, outcome.merged);
  const object = current === undefined ? cloneJson(outcome.merged) : sharing(outcome.merged, live);
  if (!isMembers(object.metadata)) object.metadata = {};
  const entries = writeOwners(unchanged ? withFormerTime(outcome.owners, owners, context) : outcome.owners);
  if (entries) (object.metadata as Members).managedFields = entries;
  syncLastApplied(object, applied, context.manager);
  return { object, unchanged };
}
