import type { MirroredResource } from '../../../libs/node/link.ts';
import type { Change, KnownCollection, ServerMessage } from '../../../libs/wire/gen/berth/node/v1/session.ts';
import { type Board, mirroredResources } from './board.ts';

/** One message carries at most this many changes and, beyond the first, about this many bytes. */
const changesMax = 256;
const changesBytesMax = 512 * 1024;

/**
 * The objects that one session's agent has yet to be told of: keys only, so that what changes twice while the
 * connection is slow is sent once, as it stands then.
 */
export class DownQueue {
  private readonly dirty = new Map<MirroredResource, Set<string>>(
    mirroredResources.map((resource) => [resource, new Set<string>()]),
  );
  private readonly unsynced = new Set<MirroredResource>(mirroredResources);

  constructor(
    private readonly board: Board,
    private readonly nodeName: string,
    known: readonly KnownCollection[],
  ) {
    for (const resource of mirroredResources) {
      const versions = known.find((collection) => collection.resource === resource)?.versions ?? {};
      this.addDifferences(resource, versions);
    }
  }

  changed(resource: MirroredResource, key: string): void {
    this.dirty.get(resource)?.add(key);
  }

  /** Objects that wait to be sent. */
  get size(): number {
    let size = 0;
    for (const keys of this.dirty.values()) size += keys.size;
    return size;
  }

  /** The next message, undefined when the agent has been told everything. */
  pull(): ServerMessage | undefined {
    for (const resource of mirroredResources) {
      const keys = this.dirty.get(resource)!;
      if (keys.size === 0 && !this.unsynced.has(resource)) continue;
      const changes = this.take(resource, keys);
      const synced = keys.size === 0;
      if (synced) this.unsynced.delete(resource);
      return { body: { $case: 'changes', value: { resource, changes, synced } } };
    }
    return undefined;
  }

  private take(resource: MirroredResource, keys: Set<string>): Change[] {
    const changes: Change[] = [];
    let bytes = 0;
    for (const key of keys) {
      const object = this.board.sheet(this.nodeName, resource, key)?.bytes;
      bytes += object?.length ?? 0;
      if (changes.length > 0 && (bytes > changesBytesMax || changes.length >= changesMax)) break;
      keys.delete(key);
      changes.push({ key, object });
    }
    return changes;
  }

  private addDifferences(resource: MirroredResource, known: Readonly<Record<string, string>>): void {
    const current = this.board.versions(this.nodeName, resource);
    for (const [key, version] of current) if (known[key] !== version) this.changed(resource, key);
    for (const key of Object.keys(known)) if (!current.has(key)) this.changed(resource, key);
  }
}
