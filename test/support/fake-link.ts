import type { CoreV1Event, V1NodeStatus, V1PodStatus } from '../../libs/api/gen/types.ts';
import { type KubeObject, nameOf, objectKey } from '../../libs/api/meta.ts';
import { StatusError } from '../../libs/base/status.ts';
import type {
  Mirror,
  MirrorChange,
  MirroredResource,
  NodeHandlers,
  NodeLink,
  NodeUsage,
  PodStatusUpdate,
} from '../../libs/node/link.ts';

/** A mirror that a test fills. */
export class FakeMirror<T extends KubeObject> implements Mirror<T> {
  synced = true;
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(changes: ReadonlyArray<MirrorChange<T>>) => void>();

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  subscribe(listener: (changes: ReadonlyArray<MirrorChange<T>>) => void): () => void {
    this.#listeners.add(listener);
    if (this.synced) listener([...this.#objects].map(([key, object]) => ({ key, object })));
    return () => this.#listeners.delete(listener);
  }

  set(object: T): void {
    const key = objectKey(nameOf(object));
    this.#objects.set(key, object);
    for (const listener of this.#listeners) listener([{ key, object }]);
  }

  remove(key: string): void {
    this.#objects.delete(key);
    for (const listener of this.#listeners) listener([{ key, object: undefined }]);
  }
}

/** A control plane of one test: keeps what the agent reports and merges statuses into the pods that it mirrors. */
export class FakeLink implements NodeLink {
  readonly connected = true;
  readonly mirrors = new Map<MirroredResource, FakeMirror<KubeObject>>();
  readonly statuses = new Map<string, V1PodStatus>();
  readonly gone: string[] = [];
  readonly events: CoreV1Event[] = [];
  readonly usages: NodeUsage[] = [];
  /** What can be read besides the mirrors, by `resource/name`. */
  readonly readable = new Map<string, KubeObject>();
  nodeStatus: V1NodeStatus | undefined;
  handlers: NodeHandlers | undefined;
  onStatus: (update: PodStatusUpdate) => void = () => {};

  mirror<T extends KubeObject>(resource: MirroredResource): FakeMirror<T> {
    let mirror = this.mirrors.get(resource);
    if (!mirror) {
      mirror = new FakeMirror<KubeObject>();
      this.mirrors.set(resource, mirror);
    }
    return mirror as unknown as FakeMirror<T>;
  }

  reportPodStatus(update: PodStatusUpdate): void {
    this.statuses.set(update.uid, update.status);
    const mirror = this.mirror<KubeObject & { status?: V1PodStatus }>('pods');
    const pod = mirror.get(objectKey(update.at));
    this.onStatus(update);
    if (pod?.metadata?.uid === update.uid) mirror.set({ ...pod, status: update.status });
  }

  reportPodGone(at: { namespace: string; name: string }, uid: string): void {
    this.gone.push(uid);
    this.mirror('pods').remove(objectKey(at));
  }

  reportNodeStatus(status: V1NodeStatus): void {
    this.nodeStatus = status;
  }

  reportUsage(usage: NodeUsage): void {
    this.usages.push(usage);
  }

  recordEvent(event: CoreV1Event): void {
    this.events.push(event);
  }

  async createToken(): Promise<{ token: string; expirationTimestamp: string }> {
    return { token: 'a.test.token', expirationTimestamp: '2100-01-01T00:00:00Z' };
  }

  async readObject(resource: string, at: { name: string }): Promise<KubeObject> {
    const object = this.readable.get(`${resource}/${at.name}`);
    if (object) return object;
    throw new StatusError('NotFound', `${resource} "${at.name}" not found`);
  }

  serve(handlers: NodeHandlers): void {
    this.handlers = handlers;
  }

  async close(): Promise<void> {}
}
