import type { KubeObject } from '../api/meta.ts';
import type { Collection } from '../cache/collection.ts';
import { collectionPrefix } from '../cache/keys.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { storedValue } from '../cache/stored-value.ts';
import type { Guard, Write } from '../store/store.ts';

const group = 'allocations';

interface Allocation extends KubeObject {
  owner: string;
}

/**
 * Values that at most one object may hold, such as addresses and ports. Each value taken is a key of its own, written
 * in the transaction that writes its owner: two servers can never hand out the same value, and nothing leaks.
 */
export class AllocationTable {
  private readonly collection: Collection;
  private readonly prefix: string;

  constructor(mirror: StoreMirror, plural: string) {
    this.collection = mirror.collection(group, plural);
    this.prefix = collectionPrefix(group, plural);
  }

  /** The object that holds the value, as `namespace/name`. */
  ownerOf(value: string): string | undefined {
    return (this.collection.get(value)?.object as Allocation | undefined)?.owner;
  }

  get size(): number {
    return this.collection.size;
  }

  /** All values taken, with their owners. */
  *entries(): IterableIterator<[value: string, owner: string]> {
    for (const [value, document] of this.collection.list({})) yield [value, (document.object as Allocation).owner];
  }

  take(value: string, owner: string): { guard: Guard; write: Write } {
    const key = this.prefix + value;
    const allocation: Allocation = { kind: 'Allocation', apiVersion: 'berth/v1', metadata: { name: value }, owner };
    return { guard: { key, revision: 0 }, write: { key, value: storedValue(allocation) } };
  }

  release(value: string): Write {
    return { key: this.prefix + value, value: null };
  }
}
