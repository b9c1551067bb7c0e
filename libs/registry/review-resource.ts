import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { methodNotAllowed } from './errors.ts';
import { checkFields } from './field-validation.ts';
import { checkKind } from './object-meta.ts';
import type {
  DecodedObject,
  DeleteAnswer,
  ListAnswer,
  ResourceService,
  WatchHandle,
  WriteAnswer,
  WriteRequest,
} from './requests.ts';

/** Completes a review with its answer. `at` has the namespace where the review has one. @throws StatusError. */
export type Reviewer = (
  review: KubeObject,
  request: WriteRequest,
  at: Partial<ObjectName>,
) => Promise<KubeObject> | KubeObject;

/** A kind that is created to ask a question; nothing of it is stored. */
export class ReviewResource implements ResourceService {
  constructor(
    readonly definition: ResourceDefinition,
    private readonly review: Reviewer,
  ) {}

  async create(at: Partial<ObjectName>, body: DecodedObject, request: WriteRequest): Promise<Document> {
    checkKind(this.definition, body.object);
    checkFields(this.definition, body, request);
    return Document.ofObject(await this.review(body.object, request, at));
  }

  get(): Promise<Document> {
    throw methodNotAllowed();
  }

  list(): Promise<ListAnswer> {
    throw methodNotAllowed();
  }

  watch(): Promise<WatchHandle> {
    throw methodNotAllowed();
  }

  update(): Promise<WriteAnswer> {
    throw methodNotAllowed();
  }

  patch(): Promise<WriteAnswer> {
    throw methodNotAllowed();
  }

  delete(): Promise<DeleteAnswer> {
    throw methodNotAllowed();
  }

  deleteCollection(): Promise<ListAnswer> {
    throw methodNotAllowed();
  }
}
