import type { ValueSchema } from '../schema/types.ts';
import { type Comparison, compareValues } from './compare.ts';
import { FieldSet } from './field-set.ts';
import { identityKey, type ManagerIdentity, Owner, type Owners } from './managers.ts';

/** Fields that nobody owns: identity, and what the server writes. */
const unowned = FieldSet.of([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ['f:metadata', 'f:name'],
  ['f:metadata', 'f:namespace'],
  ['f:metadata', 'f:creationTimestamp'],
  ['f:metadata', 'f:selfLink'],
  ['f:metadata', 'f:uid'],
  ['f:metadata', 'f:clusterName'],
  ['f:metadata', 'f:generation'],
  ['f:metadata', 'f:managedFields'],
  ['f:metadata', 'f:resourceVersion'],
]);

export function withoutUnowned(set: FieldSet): FieldSet {
  return set.difference(unowned);
}

export function onlyUnowned(set: FieldSet): FieldSet {
  return set.intersection(unowned);
}

/** What a write changes, without the fields that it resets anyway. */
export function changesOf(before: unknown, after: unknown, at: { schema: ValueSchema; reset: FieldSet }): Comparison {
  const { added, modified, removed } = compareValues(before, after, at.schema);
  return {
    added: added.recursiveDifference(at.reset),
    modified: modified.recursiveDifference(at.reset),
    removed: removed.recursiveDifference(at.reset),
  };
}

/** Paths that a write would take from another manager. */
export interface Taken {
  readonly owner: Owner;
  readonly paths: FieldSet;
}

/** What a write by `writer` takes from others. */
export function takenFromOthers(owners: Owners, writer: string, changes: Comparison): Taken[] {
  const changed = changes.modified.union(changes.added);
  const taken: Taken[] = [];
  for (const [key, owner] of owners) {
    if (key === writer || !owner.overlaps(changed)) continue;
    taken.push({ owner, paths: owner.set.intersection(changed) });
  }
  return taken;
}

const lostBy = ({ modified, added, removed }: Comparison) => modified.union(added).union(removed);

/**
 * The owners after a write: others lose what it changes or removes, and go when they own nothing.
 * @param changesIn the changes as they look in the version of another owner; undefined where they look the same
 */
export function afterWrite(
  owners: Owners,
  writer: string,
  changes: Comparison,
  changesIn?: (apiVersion: string) => Comparison | undefined,
): Owners {
  const lost = lostBy(changes);
  const left: Owners = new Map();
  for (const [key, owner] of owners) {
    const elsewhere = key === writer ? undefined : changesIn?.(owner.identity.apiVersion);
    const kept = key === writer ? owner : owner.losing(elsewhere ? lostBy(elsewhere) : lost);
    if (kept === owner || !kept.set.isEmpty) left.set(key, kept);
  }
  return left;
}

/** Entries for updates beyond this are merged into one. */
export const updateManagersMax = 10;
const ancient = 'ancient-changes';

/** Merges the oldest updaters' entries of each version until there are no more than updateManagersMax. */
export function capUpdaters(owners: Owners): Owners {
  const updaters = [...owners].filter(([, owner]) => owner.identity.operation === 'Update');
  if (updaters.length <= updateManagersMax) return owners;
  updaters.sort(([keyA, a], [keyB, b]) => {
    const timeA = a.time ?? '';
    const timeB = b.time ?? '';
    return timeA < timeB ? -1 : timeA > timeB ? 1 : keyA < keyB ? -1 : 1;
  });
  const capped: Owners = new Map(owners);
  const firsts = new Map<string, string>();
  let count = updaters.length;
  for (const [key, owner] of updaters) {
    if (count <= updateManagersMax) break;
    const { apiVersion } = owner.identity;
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, key);
      continue;
    }
    mergeIntoBucket(capped, { first, key, owner });
    count--;
  }
  return capped;
}

function mergeIntoBucket(owners: Owners, { first, key, owner }: { first: string; key: string; owner: Owner }): void {
  const { apiVersion } = owner.identity;
  const identity: ManagerIdentity = { manager: ancient, operation: 'Update', apiVersion, subresource: '' };
  const bucketKey = identityKey(identity);
  const bucket = owners.get(bucketKey) ?? owners.get(first);
  if (!owners.has(bucketKey)) owners.delete(first);
  owners.delete(key);
  owners.set(bucketKey, new Owner(identity, owner.time, owner.set.union(bucket?.set ?? FieldSet.empty)));
}
