import type { V1ManagedFieldsEntry } from '../gen/types.ts';
import { FieldSet, type FieldsV1, overlaps } from './field-set.ts';
import { internedFields, isInterned, setOfFields } from './interned-fields.ts';

export type Operation = 'Apply' | 'Update';

/** Who owns fields: the identity of an entry of managedFields. Appliers are the same whatever version they apply in. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
}

/** One entry of managedFields. Its set is built when it is needed; untouched entries are written back as they were. */
export class Owner {
  readonly identity: ManagerIdentity;
  readonly time: string | undefined;
  private readonly fields: FieldsV1 | undefined;
  private built: FieldSet | undefined;

  constructor(identity: ManagerIdentity, time: string | undefined, owned: FieldSet | FieldsV1) {
    this.identity = identity;
    this.time = time;
    if (owned instanceof FieldSet) this.built = owned;
    else this.fields = owned;
  }

  get set(): FieldSet {
    this.built ??= setOfFields(this.fields ?? {});
    return this.built;
  }

  overlaps(set: FieldSet): boolean {
    if (set.isEmpty) return false;
    return this.built ? !this.built.intersection(set).isEmpty : overlaps(this.fields ?? {}, set);
  }

  /** The same owner without what it loses; the very same where it owns nothing of that. */
  losing(lost: FieldSet): Owner {
    return this.overlaps(lost) ? new Owner(this.identity, this.time, this.set.difference(lost)) : this;
  }

  /** The same owner, who wrote again, and owns all of a set besides. */
  adding(set: FieldSet, time: string): Owner {
    return this.owning(this.set.union(set)).dated(time);
  }

  /** The same owner with another set; what it has is kept as it was written where that is the same. */
  owning(set: FieldSet, identity = this.identity): Owner {
    return new Owner(identity, this.time, this.fields && set.equals(this.set) ? this.fields : set);
  }

  dated(time: string | undefined): Owner {
    return time === this.time ? this : new Owner(this.identity, time, this.fields ?? this.set);
  }

  at(time: string, apiVersion: string): Owner {
    return new Owner({ ...this.identity, apiVersion }, time, this.set);
  }

  toEntry(): V1ManagedFieldsEntry {
    const { manager, operation, apiVersion, subresource } = this.identity;
    return {
      manager,
      operation,
      apiVersion,
      ...(this.time ? { time: this.time } : {}),
      fieldsType: 'FieldsV1',
      fieldsV1: this.fields ?? internedFields(this.set.toText()),
      ...(subresource === '' ? {} : { subresource }),
    };
  }
}

export function identityKey(identity: ManagerIdentity): string {
  const { manager, operation, apiVersion, subresource } = identity;
  return `${JSON.stringify(manager)} ${operation} ${operation === 'Apply' ? '' : apiVersion} ${subresource}`;
}

/** All owners of an object's fields, by identityKey. */
export type Owners = Map<string, Owner>;

/** Reads managedFields; undefined where an entry is not as Kubernetes writes them. */
export function readOwners(entries: readonly V1ManagedFieldsEntry[] | undefined): Owners | undefined {
  const owners: Owners = new Map();
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion, subresource = '', fieldsType, fieldsV1 = {}, time } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined;
    if (!isKnownFields(fieldsV1) && !isFields(fieldsV1)) return undefined;
    const identity = { manager, operation, apiVersion, subresource } as const;
    owners.set(identityKey(identity), new Owner(identity, time, fieldsV1));
  }
  return owners;
}

/** Of fields that the store held already, which have been looked at when they were written. */
function isKnownFields(value: unknown): value is FieldsV1 {
  return typeof value === 'object' && value !== null && isInterned(value);
}

function isFields(value: unknown): value is FieldsV1 {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const element in value) {
    const child: unknown = Reflect.get(value, element);
    if (element !== '.' && !/^(f:|k:\{|v:|i:)/.test(element)) return false;
    if (!isFields(child)) return false;
  }
  return true;
}

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function compareEntries(a: V1ManagedFieldsEntry, b: V1ManagedFieldsEntry): number {
  return (
    byCode(a.operation ?? '', b.operation ?? '') ||
    byCode(a.time ?? '', b.time ?? '') ||
    byCode(a.manager ?? '', b.manager ?? '') ||
    byCode(a.apiVersion ?? '', b.apiVersion ?? '') ||
    byCode(a.subresource ?? '', b.subresource ?? '')
  );
}

/** managedFields in Kubernetes' order; undefined when nobody owns anything. */
export function writeOwners(owners: Owners): V1ManagedFieldsEntry[] | undefined {
  if (owners.size === 0) return undefined;
  return [...owners.values()].map((owner) => owner.toEntry()).sort(compareEntries);
}
