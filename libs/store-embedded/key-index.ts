/** One state of a key. Its value stands in the log at the revision and the place, that of the write in its transaction. */
export interface Version {
  readonly revision: number;
  readonly place: number;
  /** 0 says that the key was removed. */
  readonly createRevision: number;
  older: Version | undefined;
}

/** A key and its kept versions, newest first. */
export interface KeyRecord {
  readonly key: string;
  newest: Version;
}

/** Chunks are split in two at this many records: small enough to insert into cheaply, large enough to be few. */
const chunkRecordsMax = 512;

/** The version that stood at `revision`, or undefined when the key did not exist then. */
export function versionAt(record: KeyRecord, revision: number): Version | undefined {
  let version: Version | undefined = record.newest;
  while (version !== undefined && version.revision > revision) version = version.older;
  return version === undefined || version.createRevision === 0 ? undefined : version;
}

/** Every key of the store in order, with its versions: what the log holds, without the values. */
export class KeyIndex {
  private readonly records = new Map<string, KeyRecord>();
  private readonly chunks: KeyRecord[][] = [];

  get(key: string): KeyRecord | undefined {
    return this.records.get(key);
  }

  /** Puts a version on top of the key's others and returns the record. */
  push(key: string, { revision, place, createRevision }: Omit<Version, 'older'>): KeyRecord {
    const known = this.records.get(key);
    const newest = { revision, place, createRevision, older: known?.newest };
    if (known !== undefined) {
      known.newest = newest;
      return known;
    }
    const record = { key, newest };
    this.records.set(key, record);
    this.insert(record);
    return record;
  }

  /** Forgets the key altogether. */
  remove(key: string): void {
    if (!this.records.delete(key)) return;
    const at = this.chunkOf(key);
    const chunk = this.chunks[at]!;
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
  }

  /** Records whose key starts with `prefix` and sorts after `after`, in order. */
  *range(prefix: string, after: string | undefined): Generator<KeyRecord> {
    const from = after !== undefined && after >= prefix ? after : prefix;
    let at = this.chunkOf(from);
    let offset = at < this.chunks.length ? lowerBound(this.chunks[at]!, from) : 0;
    for (; at < this.chunks.length; at++, offset = 0) {
      const chunk = this.chunks[at]!;
      for (; offset < chunk.length; offset++) {
        const record = chunk[offset]!;
        if (record.key === after) continue;
        if (!record.key.startsWith(prefix)) return;
        yield record;
      }
    }
  }

  private insert(record: KeyRecord): void {
    if (this.chunks.length === 0) {
      this.chunks.push([record]);
      return;
    }
    const at = Math.min(this.chunkOf(record.key), this.chunks.length - 1);
    const chunk = this.chunks[at]!;
    chunk.splice(lowerBound(chunk, record.key), 0, record);
    if (chunk.length >= chunkRecordsMax) this.chunks.splice(at + 1, 0, chunk.splice(chunkRecordsMax / 2));
  }

  /** The first chunk whose last key is not before `key`; one past the end when there is none. */
  private chunkOf(key: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.chunks[middle]!;
      if (chunk[chunk.length - 1]!.key < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where `key` stands or would be inserted. */
function lowerBound(chunk: readonly KeyRecord[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
