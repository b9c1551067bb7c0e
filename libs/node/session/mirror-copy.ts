import type { KubeObject } from '../../api/meta.ts';
import type { Change, KnownCollection } from '../../wire/gen/berth/node/v1/session.ts';
import { decodeObject } from '../../wire/json.ts';
import type { Mirror, MirrorChange, MirroredResource } from '../link.ts';

type Listener = (changes: ReadonlyArray<MirrorChange<KubeObject>>) => void;

/** The agent's copy of one collection. Until it is complete for the first time it shows nothing. */
export class MirrorCopy implements Mirror<KubeObject> {
  private objects = new Map<string, KubeObject>();
  private readonly listeners = new Set<Listener>();
  private complete = false;

  constructor(readonly resource: MirroredResource) {}

  get synced(): boolean {
    return this.complete;
  }

  get(key: string): KubeObject | undefined {
    return this.complete ? this.objects.get(key) : undefined;
  }

  list(): KubeObject[] {
    return this.complete ? [...this.objects.values()] : [];
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.complete) listener(this.everything());
    return () => this.listeners.delete(listener);
  }

  /** What to tell the control plane, so that it sends only differences. */
  known(): KnownCollection {
    const versions: Record<string, string> = {};
    for (const [key, object] of this.objects) versions[key] = object.metadata?.resourceVersion ?? '';
    return { resource: this.resource, versions };
  }

  apply(changes: readonly Change[], synced: boolean): void {
    const applied = changes.flatMap((change) => this.applyOne(change));
    if (this.complete) {
      if (applied.length > 0) this.tell(applied);
    } else if (synced) {
      this.complete = true;
      this.tell(this.everything());
    }
  }

  /** An object that was replaced by another of the same name is told as a removal and an arrival. */
  private applyOne(change: Change): MirrorChange<KubeObject>[] {
    const before = this.objects.get(change.key);
    if (change.object === undefined) {
      this.objects.delete(change.key);
      return before ? [{ key: change.key, object: undefined }] : [];
    }
    const object = decodeObject(change.object);
    this.objects.set(change.key, object);
    const arrival = { key: change.key, object };
    const replaced = before && before.metadata?.uid !== object.metadata?.uid;
    return replaced ? [{ key: change.key, object: undefined }, arrival] : [arrival];
  }

  private everything(): MirrorChange<KubeObject>[] {
    return [...this.objects].map(([key, object]) => ({ key, object }));
  }

  private tell(changes: ReadonlyArray<MirrorChange<KubeObject>>): void {
    for (const listener of [...this.listeners]) listener(changes);
  }
}
