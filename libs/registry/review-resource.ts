import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { checkFields } from './field-validation.ts';
import { checkKind } from './object-meta.ts';
import { RefusingResource } from './refusing-resource.ts';
import type { DecodedObject, WriteRequest } from './requests.ts';

/** Completes a review with its answer. `at` has the namespace where the review has one. @throws StatusError. */
export type Reviewer = (
  review: KubeObject,
  request: WriteRequest,
  at: Partial<ObjectName>,
) => Promise<KubeObject> | KubeObject;

/** A kind that is created to ask a question; nothing of it is stored. */
export class ReviewResource extends RefusingResource {
  constructor(
    readonly definition: ResourceDefinition,
    private readonly review: Reviewer,
  ) {
    super();
  }

  override async create(at: Partial<ObjectName>, body: DecodedObject, request: WriteRequest): Promise<Document> {
    checkKind(this.definition, body.object);
    checkFields(this.definition, body, request);
    return Document.ofObject(await this.review(body.object, request, at));
  }
}
