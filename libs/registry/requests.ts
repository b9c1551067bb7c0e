import type { DecodedObject } from '../api/decode/decode.ts';
import type { ObjectName } from '../api/meta.ts';
import type { UserInfo } from '../auth/user.ts';
import type { Document } from '../cache/document.ts';
import type { CacheEvent, ChangeType } from '../cache/event.ts';

/** Who asks, and where advice for them goes. */
export interface Caller {
  readonly user: UserInfo;
  /** Collects Warning headers. */
  warn(text: string): void;
  /** Notes something about the request in the audit log, where there is one. */
  annotate?(key: string, value: string): void;
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteRequest extends Caller {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** `status`, `scale` …; absent for the object as a whole. */
  readonly subresource?: string;
  /** Whether nobody comes to own what this write sets. */
  readonly isUnowned?: boolean;
}

export interface PatchRequest extends WriteRequest {
  readonly type: 'json' | 'merge' | 'strategic' | 'apply';
  readonly body: unknown;
  readonly complaints: readonly string[];
  /** Apply: take over fields that others own. */
  readonly force: boolean;
}

export type PropagationPolicy = 'Foreground' | 'Background' | 'Orphan';

export interface DeleteRequest extends Caller {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: PropagationPolicy;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface ListRequest {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  /** Makes sense for watches only; lists refuse it. */
  readonly sendInitialEvents?: boolean;
}

export interface ListAnswer {
  readonly documents: readonly Document[];
  readonly revision: number;
  readonly continue?: string;
  readonly remaining?: number;
}

export interface WatchRequest {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Makes sense for lists only; watches refuse it. */
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly sendInitialEvents?: boolean;
  readonly allowBookmarks?: boolean;
}

/** Receives a watch. Calls come in order and must not throw. */
export interface WatchListener {
  event(type: ChangeType, event: CacheEvent): void;
  /** An object that stood before the watch began. */
  initial(document: Document): void;
  /** Progress without a change. `initialEnd` marks the end of the initial objects. */
  bookmark(revision: number, initialEnd: boolean): void;
  settled?(): void;
  /** The watch is over before its time. */
  failed(error: Error): void;
}

export interface WatchHandle {
  /** Tells how far the listener has been brought. */
  bookmark(): void;
  cancel(): void;
}

export interface DeleteAnswer {
  /** The object that remains, or the last state where the kind shows it. */
  readonly document?: Document;
  readonly uid: string;
}

/**
 * One resource as the API serves it. Stored kinds, computed ones and reviews answer through the same methods; what a
 * resource does not do is refused with MethodNotAllowed.
 */
export interface ResourceService {
  get(at: ObjectName, options?: { resourceVersion?: string; subresource?: string }): Promise<Document>;
  list(request: ListRequest): Promise<ListAnswer>;
  watch(request: WatchRequest, listener: WatchListener): Promise<WatchHandle>;
  create(at: Partial<ObjectName>, body: DecodedObject, request: WriteRequest): Promise<Document>;
  update(at: ObjectName, body: DecodedObject, request: WriteRequest): Promise<WriteAnswer>;
  patch(at: ObjectName, request: PatchRequest): Promise<WriteAnswer>;
  delete(at: ObjectName, request: DeleteRequest): Promise<DeleteAnswer>;
  deleteCollection(list: ListRequest, request: DeleteRequest): Promise<ListAnswer>;
}

export interface WriteAnswer {
  readonly document: Document;
  readonly created: boolean;
}

export type { DecodedObject };
