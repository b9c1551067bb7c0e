import { forgetEmptyLists } from '../api/decode/zero.ts';
import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';
import { objectKey } from '../api/meta.ts';
import { worded } from '../api/validation/wording.ts';
import { isStatus } from '../base/status.ts';
import { Document } from '../cache/document.ts';
import { GuardFailedError } from '../store/store.ts';
import { alreadyExists, badRequest, invalid, kindRefused, noFreeName } from './errors.ts';
import { expectedOf } from './expected-type.ts';
import { recordCreate } from './field-managers.ts';
import { checkFields } from './field-validation.ts';
import {
  checkKind,
  checkStorable,
  dedupeOwners,
  forgetDeletion,
  generateName,
  metadataOf,
  place,
  stampNew,
} from './object-meta.ts';
import type { AdmissionAttributes, Parts } from './parts.ts';
import { commitWithin } from './quotas.ts';
import type { DecodedObject, WriteRequest } from './requests.ts';
import { guardFailureAt, writeAttemptsMax } from './writer.ts';

/** How many generated names are tried before a collision is the caller's. */
const generatedNamesMax = 8;

/** Creates an object from a request's body. @throws StatusError. */
export async function createObject(
  parts: Parts,
  at: Partial<ObjectName>,
  body: DecodedObject,
  request: WriteRequest,
): Promise<Document> {
  const draft = body.object;
  checkKind(parts.definition, draft);
  checkFields(parts.definition, body, request);
  place(parts.definition, draft, at);
  return createDraft(parts, draft, request, { unversioned: true });
}

export interface CreateOptions {
  /** Field ownership has been recorded already, as server-side apply does. */
  readonly ownershipDone?: boolean;
  /** A draft that claims a version is refused, once all who may refuse it for other reasons have been heard. */
  readonly unversioned?: boolean;
}

/** Creates an object from a private draft whose fields have been checked. */
export async function createDraft(
  parts: Parts,
  draft: KubeObject,
  request: WriteRequest,
  options: CreateOptions = {},
): Promise<Document> {
  const { definition, admission } = parts;
  const generated = generateName(draft, parts.random);
  definition.setDefaults?.(draft);
  forgetDeletion(draft);
  dedupeOwners(draft, request.warn);
  if (!options.ownershipDone) recordCreate(definition, draft, request, parts.clock);
  const attributes = attributesOf(definition, draft, request);
  const admitted = admission.admit(attributes);
  if (admitted) await admitted;
  settle(parts, draft);
  const validated = admission.validate(attributes);
  if (validated) await validated;
  if (options.unversioned && metadataOf(draft).resourceVersion) {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  for (const warning of definition.warnings?.(draft) ?? []) request.warn(warning);
  try {
    return await (generated ? writeUnderFreeName(parts, draft, request) : write(parts, draft, request));
  } catch (error) {
    const { generateName: base } = metadataOf(draft);
    throw base && isStatus(error, 'AlreadyExists') ? noFreeName(error) : error;
  }
}

function attributesOf(definition: ResourceDefinition, draft: KubeObject, request: WriteRequest): AdmissionAttributes {
  const { namespace, name } = metadataOf(draft);
  return {
    operation: 'create',
    definition,
    at: { namespace, name },
    object: draft,
    previous: undefined,
    request,
    subresource: undefined,
  };
}

/** Adds what the server alone decides, and judges the outcome. @throws StatusError Invalid. */
function settle(parts: Parts, draft: KubeObject): void {
  const { definition } = parts;
  stampNew(definition, draft, parts);
  forgetEmptyLists(draft, expectedOf(definition).type);
  definition.prepareForCreate?.(draft);
  const { name = '' } = metadataOf(draft);
  const errors = definition.validate?.(draft) ?? [];
  if (errors.length > 0) throw invalid(kindRefused(definition), name, worded(errors, draft));
  checkStorable(definition, name);
}

/** Tries other names when the generated one is taken. */
async function writeUnderFreeName(parts: Parts, draft: KubeObject, request: WriteRequest): Promise<Document> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(parts, draft, request);
    } catch (error) {
      if (attempt >= generatedNamesMax || !isStatus(error, 'AlreadyExists')) throw error;
      metadataOf(draft).name = undefined;
      generateName(draft, parts.random);
    }
  }
}

async function write(parts: Parts, draft: KubeObject, request: WriteRequest): Promise<Document> {
  const { definition, collection } = parts;
  const metadata = metadataOf(draft);
  const at = { namespace: metadata.namespace, name: metadata.name ?? '' };
  const place = objectKey(at);
  const key = parts.view.prefix + place;
  if (collection.get(place)) await refuseStanding(parts, at);
  for (let attempt = 1; ; attempt++) {
    const rider = parts.behaviour.reserve?.(draft, undefined);
    if (request.dryRun) {
      await parts.quotas?.check({ definition, object: draft });
      return Document.ofObject(draft);
    }
    const made = parts.view.value(draft);
    const value = made instanceof Promise ? await made : made;
    try {
      const { writeRevisions } = await commitWithin(
        parts,
        { definition, object: draft },
        {
          guards: [{ key, revision: 0 }, ...(rider?.guards ?? [])],
          writes: [{ key, value }, ...(rider?.writes ?? [])],
        },
      );
      const revision = writeRevisions[0]!;
      const cached = collection.get(place);
      const written = cached?.revision === revision ? cached : Document.ofValue(value, revision);
      const showing = parts.view.ready([written]);
      if (showing) await showing;
      return parts.view.shown(written);
    } catch (error) {
      if (guardFailureAt(error, key)?.current) throw alreadyExists(definition, at.name);
      const raced = rider?.retries && error instanceof GuardFailedError;
      if (!raced || attempt >= writeAttemptsMax) throw error;
      rider.undo?.();
    }
  }
}

/** An object stands there, by the mirror; asked again, since a shared store may know better. @throws StatusError. */
async function refuseStanding({ definition, collection, mirror }: Parts, at: ObjectName): Promise<void> {
  await mirror.current();
  const standing = collection.get(objectKey(at));
  if (!standing) return;
  const beingDeleted = standing.object.metadata?.deletionTimestamp !== undefined;
  throw alreadyExists(definition, at.name, { beingDeleted });
}
