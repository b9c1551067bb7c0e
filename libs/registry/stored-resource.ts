import type { ResourceDefinition } from '../api/definition.ts';
import { nameOf, type ObjectName, objectKey } from '../api/meta.ts';
import { isStatus } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import { type Store, transactionOperationsMax } from '../store/store.ts';
import { createObject } from './create.ts';
import { deleteObject, warnOfOrphans } from './delete.ts';
import { type Deletion, deleteObjects } from './delete-many.ts';
import { methodNotAllowed, notFound } from './errors.ts';
import { listObjects } from './list.ts';
import { parseRevision } from './list-options.ts';
import type { Parts } from './parts.ts';
import { patchObject } from './patch.ts';
import type {
  DecodedObject,
  DeleteAnswer,
  DeleteRequest,
  ListAnswer,
  ListRequest,
  PatchRequest,
  ResourceService,
  WatchHandle,
  WatchListener,
  WatchRequest,
  WriteAnswer,
  WriteRequest,
} from './requests.ts';
import { applyScale, patchScale, scaleDocument, updateScale } from './scale.ts';
import { updateObject } from './update.ts';
import { watchObjects } from './watch.ts';

/** Passes on each text the first time. */
function once(warn: DeleteRequest['warn']): DeleteRequest['warn'] {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    warn(text);
  };
}

/** A kind of object in the store, with its status and scale. */
export class StoredResource implements ResourceService {
  readonly definition: ResourceDefinition;

  constructor(
    readonly parts: Parts,
    private readonly store: Store,
  ) {
    this.definition = parts.definition;
  }

  async get(at: ObjectName, options: { resourceVersion?: string; subresource?: string } = {}): Promise<Document> {
    const revision = parseRevision(options.resourceVersion);
    if (revision === undefined) await this.parts.mirror.current();
    else await this.parts.mirror.shows(revision);
    const stored = this.parts.collection.get(objectKey(at));
    if (!stored) throw notFound(this.definition, at.name);
    const waiting = this.parts.view.ready([stored]);
    if (waiting) await waiting;
    const document = this.parts.view.shown(stored);
    return options.subresource === 'scale' ? scaleDocument(this.definition, document) : document;
  }

  async list(request: ListRequest): Promise<ListAnswer> {
    return listObjects(this.parts, this.store, request);
  }

  watch(request: WatchRequest, listener: WatchListener): Promise<WatchHandle> {
    return watchObjects(this.parts, request, listener);
  }

  create(at: Partial<ObjectName>, body: DecodedObject, request: WriteRequest): Promise<Document> {
    if (request.subresource !== undefined) throw methodNotAllowed();
    return createObject(this.parts, at, body, request);
  }

  update(at: ObjectName, body: DecodedObject, request: WriteRequest): Promise<WriteAnswer> {
    if (request.subresource === 'scale') return updateScale(this.parts, at, body, request);
    this.checkSubresource(request.subresource);
    return updateObject(this.parts, at, body, request);
  }

  patch(at: ObjectName, request: PatchRequest): Promise<WriteAnswer> {
    if (request.subresource === 'scale') {
      return request.type === 'apply' ? applyScale(this.parts, at, request) : patchScale(this.parts, at, request);
    }
    this.checkSubresource(request.subresource);
    return patchObject(this.parts, at, request);
  }

  delete(at: ObjectName, request: DeleteRequest): Promise<DeleteAnswer> {
    return deleteObject(this.parts, at, request);
  }

  /** Deletes many, those that may go at once in few transactions; answers in the order asked, undefined for success. */
  deleteAll(deletions: readonly Deletion[]): Promise<Array<Error | undefined>> {
    return deleteObjects(this.parts, deletions);
  }

  /** Deletes each object that the list shows, and answers with that list; those that went meanwhile are no error. */
  async deleteCollection(list: ListRequest, request: DeleteRequest): Promise<ListAnswer> {
    const answer = await this.list(list);
    // All of them are one deletion to whoever asks: what is to be said of it is said once, if it meets none as well.
    const each = { ...request, warn: once(request.warn) };
    warnOfOrphans(this.parts, each);
    const deletions = answer.documents.map(({ object }) => ({ at: nameOf(object), request: each }));
    for (let at = 0; at < deletions.length; at += transactionOperationsMax) {
      const errors = await this.deleteAll(deletions.slice(at, at + transactionOperationsMax));
      const failure = errors.find((error) => error !== undefined && !isStatus(error, 'NotFound'));
      if (failure) throw failure;
    }
    return answer;
  }

  private checkSubresource(subresource: string | undefined): void {
    if (subresource === undefined || subresource === 'status') return;
    if (this.definition.subresources?.some((one) => one.name === subresource)) return;
    throw methodNotAllowed();
  }
}
