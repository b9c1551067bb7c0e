import type { KubeObject, ObjectName, Resource } from '../api/meta.ts';
import type { PodEviction } from '../registry/pod-evictor.ts';

export type { PodEviction as Eviction } from '../registry/pod-evictor.ts';

export interface RequestOptions {
  signal?: AbortSignal;
}

export interface ListOptions extends RequestOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  /** Nothing but the metadata of the objects is asked for: the rest of them may be missing. */
  metadataOnly?: boolean;
}

export interface ListResult<T> {
  items: T[];
  resourceVersion: string;
  continue?: string;
}

export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Deliver what happened after this version. */
  resourceVersion: string;
  signal: AbortSignal;
  /** As in a list. */
  metadataOnly?: boolean;
}

export type WatchEvent<T> =
  /** `key` is that of the object, from those who know it without looking at the object. */
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T; key?: string }
  /** Only metadata.resourceVersion of `object` is set. */
  | { type: 'BOOKMARK'; object: T };

/** Never empty. */
export type WatchBatch<T> = ReadonlyArray<WatchEvent<T>>;

export interface WriteOptions extends RequestOptions {
  subresource?:
    | 'status'
    | 'scale'
    | 'binding'
    | 'eviction'
    | 'token'
    | 'finalize'
    | 'approval'
    | 'ephemeralcontainers'
    | 'resize';
  fieldManager?: string;
  dryRun?: boolean;
}

export interface Patch {
  type: 'json' | 'merge' | 'strategic' | 'apply';
  body: unknown;
  /** Apply only: take over fields that other managers own. */
  force?: boolean;
}

export interface DeleteOptions extends RequestOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * The Kubernetes API as the components use it, in the same process or over HTTPS. Objects that it returns are shared:
 * treat them as immutable and copy before changing. Every method rejects with a StatusError.
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, at: ObjectName, options?: RequestOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListResult<T>>;
  /**
   * What happens, in order; what is known at once comes together. Ends quietly when the signal aborts; rejects with
   * Expired when the version is no longer kept.
   */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchBatch<T>>;
  /** `at` names the parent object when a subresource is created. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  createSubresource<R>(resource: Resource, at: ObjectName, body: KubeObject, options: WriteOptions): Promise<R>;
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, at: ObjectName, patch: Patch, options?: WriteOptions): Promise<T>;
  delete(resource: Resource, at: ObjectName, options?: DeleteOptions): Promise<void>;
}

/** One decision of the scheduler, to be written. */
export interface Binding {
  namespace: string;
  name: string;
  uid: string;
  nodeName: string;
  /** Bindings of one group in one call stand or fall together. */
  group?: string;
  /** The component that speaks in the event that tells of it. */
  reportedBy?: string;
}

/**
 * Deletes preempted pods and tells people why: those that may go at once share transactions, others are marked one by
 * one. Answers in the order asked, undefined for success.
 */
export interface Evictor {
  evictAll(evictions: readonly PodEviction[]): Promise<Array<Error | undefined>>;
}

/** Binds many pods in one store transaction; answers in the order asked, undefined for success. */
export interface Binder {
  /** Whether it writes the event that tells of a binding which names its reporter; otherwise the caller does. */
  readonly writesEvents?: boolean;
  bindAll(bindings: readonly Binding[]): Promise<Array<Error | undefined>>;
}
