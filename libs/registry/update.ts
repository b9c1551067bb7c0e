import { forgetEmptyLists } from '../api/decode/zero.ts';
import type { ResourceDefinition, SubresourceUpdate } from '../api/definition.ts';
import { type KubeObject, type ObjectName, objectKey } from '../api/meta.ts';
import { cloneJson } from '../api/patch/json-value.ts';
import { anyUpdate } from '../api/validation/object.ts';
import { worded } from '../api/validation/wording.ts';
import type { StatusError } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import { createDraft } from './create.ts';
import { badRequest, conflict, invalid, kindRefused, modifiedMeanwhile } from './errors.ts';
import { expectedOf } from './expected-type.ts';
import { recordUpdate } from './field-managers.ts';
import { checkFields } from './field-validation.ts';
import { modifyObject } from './modify.ts';
import { carryMetadata, checkKind, countGeneration, dedupeOwners, metadataOf, place } from './object-meta.ts';
import type { AdmissionAttributes, Parts } from './parts.ts';
import type { DecodedObject, WriteAnswer, WriteRequest } from './requests.ts';
import { draftOfBody, shareEqualSections, storesInForm } from './sections.ts';

/** Replaces an object by a request's body. @throws StatusError. */
export async function updateObject(
  parts: Parts,
  at: ObjectName,
  body: DecodedObject,
  request: WriteRequest,
): Promise<WriteAnswer> {
  const { definition } = parts;
  checkKind(definition, body.object);
  checkFields(definition, body, request);
  if (!metadataOf(body.object).name) throw badRequest('the object to be put here has no name');
  place(definition, body.object, at);
  const wanted = metadataOf(body.object).resourceVersion;
  if (definition.createOnUpdate && !wanted && !request.subresource && !parts.collection.get(objectKey(at))) {
    return { document: await createDraft(parts, body.object, request), created: true };
  }
  if (definition.updateNeedsVersion && !wanted) throw versionNeeded(definition, at.name);
  const { document } = await modifyObject(parts, {
    at,
    dryRun: request.dryRun,
    subresource: request.subresource,
    next(previous) {
      const draft = storesInForm(definition)
        ? draftOfBody(body.object, previous.object, request.subresource)
        : cloneJson(body.object);
      checkUid(definition, draft, previous);
      return nextState(parts, { draft, previous, request });
    },
  });
  return { document, created: false };
}

function versionNeeded({ group, plural }: ResourceDefinition, name: string): StatusError {
  const field = 'metadata.resourceVersion';
  const message = `${field}: Invalid value: 0: must be specified for an update`;
  return invalid({ group, kind: plural }, name, [{ field, reason: 'FieldValueInvalid', message }]);
}

export interface Step {
  /** The whole object as the writer wants it. */
  readonly draft: KubeObject;
  readonly previous: Document;
  readonly request: WriteRequest;
  /** Field ownership has been recorded already, as server-side apply does. */
  readonly ownershipDone?: boolean;
}

/** From what a writer asks for to what is stored: carried fields, admission, ownership, validation. */
export async function nextState(parts: Parts, step: Step): Promise<KubeObject> {
  const { definition } = parts;
  const { draft, request } = step;
  const previous = step.previous.object;
  checkRevision(definition, draft, step.previous);
  carryMetadata(draft, previous);
  dedupeOwners(draft, request.warn);
  definition.setDefaults?.(draft);
  const update = updateBy(definition, request);
  // First of all, so that nobody comes to own what the update does not change.
  update?.prepare(draft, previous);
  shareEqualSections(draft, previous);
  if (!step.ownershipDone) recordUpdate(definition, { draft, previous, request, clock: parts.clock });
  const attributes: AdmissionAttributes = {
    operation: 'update',
    definition,
    at: { namespace: previous.metadata?.namespace, name: previous.metadata?.name },
    object: draft,
    previous,
    request,
    subresource: request.subresource,
  };
  const admitted = parts.admission.admit(attributes);
  if (admitted) await admitted;
  const carry = request.subresource === undefined ? undefined : parts.behaviour.carry?.[request.subresource];
  if (carry) carry(draft, previous);
  else if (request.subresource === 'status') carryForStatus(definition, draft, previous);
  else if (!update) carryForMain(definition, draft, previous);
  forgetEmptyLists(draft, expectedOf(definition).type);
  if (request.subresource !== 'status') countGeneration(definition, draft, previous);
  validateUpdate(definition, { draft, previous, request });
  const validated = parts.admission.validate(attributes);
  if (validated) await validated;
  return draft;
}

function checkRevision(definition: ResourceDefinition, draft: KubeObject, previous: Document): void {
  const metadata = metadataOf(draft);
  const name = previous.object.metadata?.name ?? '';
  const wanted = metadata.resourceVersion;
  if (wanted && wanted !== '0' && wanted !== String(previous.revision)) {
    throw conflict(definition, name, modifiedMeanwhile);
  }
}

/** Who replaces an object means that one object, and not another one of its name. */
function checkUid(definition: ResourceDefinition, draft: KubeObject, { object }: Document): void {
  const asked = draft.metadata?.uid;
  const uid = object.metadata?.uid;
  if (!asked || asked === uid) return;
  const message = `Precondition failed: UID in precondition: ${asked}, UID in object meta: ${uid}`;
  throw conflict(definition, object.metadata?.name ?? '', message);
}

function updateBy({ updatesBy }: ResourceDefinition, { subresource }: WriteRequest): SubresourceUpdate | undefined {
  return subresource === undefined ? undefined : updatesBy?.[subresource];
}

function carryForMain(definition: ResourceDefinition, draft: KubeObject, previous: KubeObject): void {
  if (definition.hasStatus) (draft as WithStatus).status = (previous as WithStatus).status;
  definition.prepareForUpdate?.(draft, previous);
}

type WithStatus = KubeObject & { status?: unknown };

/** All but status comes from the previous state; labels, annotations and finalizers may change with it. */
function carryForStatus(definition: ResourceDefinition, draft: KubeObject, previous: KubeObject): void {
  if (definition.prepareForStatusUpdate) {
    definition.prepareForStatusUpdate(draft, previous);
    return;
  }
  const fields = draft as unknown as Record<string, unknown>;
  const before = previous as unknown as Record<string, unknown>;
  for (const field of new Set([...Object.keys(fields), ...Object.keys(before)])) {
    if (field !== 'status' && field !== 'metadata') fields[field] = before[field];
  }
}

function validateUpdate(
  definition: ResourceDefinition,
  { draft, previous, request }: { draft: KubeObject; previous: KubeObject; request: WriteRequest },
): void {
  const status = request.subresource === 'status';
  const whole = status ? definition.validateStatusUpdate : definition.validateUpdate;
  const validate = updateBy(definition, request)?.validate ?? whole;
  const errors = anyUpdate(definition, draft, previous);
  errors.push(...(validate?.call(definition, draft, previous) ?? []));
  if (errors.length > 0) throw invalid(kindRefused(definition), previous.metadata?.name ?? '', worded(errors, draft));
  for (const warning of status ? [] : (definition.warnings?.(draft, previous) ?? [])) request.warn(warning);
}
