import type { Entry } from '../store/store.ts';
import { revisionAt } from './revisions.ts';
import { unmarkedValue } from './value.ts';

/** What etcd keeps at a key. */
export interface StoredValue {
  key: Buffer;
  value: Buffer;
  modRevision: number;
}

/** A half-open range of etcd keys. */
export interface KeyRange {
  key: Buffer;
  range_end: Buffer;
}

/** What all keys of a store begin with. */
export const root = '/';
/** Nobody writes this key; reads of it tell the store's revision. */
export const absentKey = '/absent';

const everything = Buffer.from([0]);

/** The store's keys as etcd has them, under the cluster's own prefix. */
export class KeySpace {
  private readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** As a text. */
  name(key: string): string {
    return this.prefix + key;
  }

  encode(key: string): Buffer {
    return Buffer.from(this.name(key));
  }

  decode(key: Buffer): string {
    return key.toString('utf8', this.prefix.length);
  }

  /** All keys under `prefix`, or those of them that sort after `after`. */
  range(prefix: string, after?: string): KeyRange {
    const start = this.encode(prefix);
    const end = endOf(start);
    if (after === undefined || after < prefix) return { key: start.length === 0 ? everything : start, range_end: end };
    return { key: Buffer.concat([this.encode(after), everything]), range_end: end };
  }

  entry(stored: StoredValue): Entry {
    const { value, place } = unmarkedValue(stored.value);
    return { key: this.decode(stored.key), value, revision: revisionAt(stored.modRevision, place) };
  }
}

/** The first key after all keys with this prefix; the zero byte, etcd's end of everything, when there is none. */
function endOf(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    if (end[at]! === 0xff) continue;
    end[at]!++;
    return end.subarray(0, at + 1);
  }
  return everything;
}
