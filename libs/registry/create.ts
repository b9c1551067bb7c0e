import type { KubeObject, ObjectName } from '../api/meta.ts';
import { objectKey } from '../api/meta.ts';
import { worded } from '../api/validation/wording.ts';
import { Document } from '../cache/document.ts';
import { GuardFailedError } from '../store/store.ts';
import { alreadyExists, badRequest, invalid, kindRefused } from './errors.ts';
import { recordCreate } from './field-managers.ts';
import { checkFields } from './field-validation.ts';
import { checkKind, checkStorable, forgetDeletion, generateName, metadataOf, place, stampNew } from './object-meta.ts';
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
  if (metadataOf(draft).resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  return createDraft(parts, draft, request);
}

export interface CreateOptions {
  /** Field ownership has been recorded already, as server-side apply does. */
  readonly ownershipDone?: boolean;
}

/** Creates an object from a private draft whose fields have been checked. */
export async function createDraft(
  parts: Parts,
  draft: KubeObject,
  request: WriteRequest,
  options: CreateOptions = {},
): Promise<Document> {
  const generated = generateName(draft, parts.random);
  const prepared = await prepare(parts, draft, { request, ...options });
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(parts, prepared, request);
    } catch (error) {
      if (!generated || attempt >= generatedNamesMax || !isAlreadyExists(error)) throw error;
      metadataOf(prepared).name = undefined;
      generateName(prepared, parts.random);
    }
  }
}

function isAlreadyExists(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'AlreadyExists';
}

async function prepare(
  parts: Parts,
  draft: KubeObject,
  { request, ownershipDone }: CreateOptions & { request: WriteRequest },
): Promise<KubeObject> {
  const { definition } = parts;
  definition.setDefaults?.(draft);
  forgetDeletion(draft);
  if (!ownershipDone) recordCreate(definition, draft, request, parts.clock);
  const metadata = metadataOf(draft);
  const attributes: AdmissionAttributes = {
    operation: 'create',
    definition,
    at: { namespace: metadata.namespace, name: metadata.name },
    object: draft,
    previous: undefined,
    request,
    subresource: undefined,
  };
  const admitted = parts.admission.admit(attributes);
  if (admitted) await admitted;
  stampNew(definition, draft, parts);
  definition.prepareForCreate?.(draft);
  const errors = definition.validate?.(draft) ?? [];
  if (errors.length > 0) throw invalid(kindRefused(definition), metadata.name ?? '', worded(errors, draft));
  checkStorable(definition, metadata.name ?? '');
  const validated = parts.admission.validate(attributes);
  if (validated) await validated;
  for (const warning of definition.warnings?.(draft) ?? []) request.warn(warning);
  return draft;
}

async function write(parts: Parts, draft: KubeObject, request: WriteRequest): Promise<Document> {
  const { definition, collection } = parts;
  const metadata = metadataOf(draft);
  const at = { namespace: metadata.namespace, name: metadata.name ?? '' };
  const key = parts.view.prefix + objectKey(at);
  const standing = await documentAt(parts, objectKey(at));
  if (standing) {
    const beingDeleted = standing.object.metadata?.deletionTimestamp !== undefined;
    throw alreadyExists(definition, at.name, { beingDeleted });
  }
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
      const cached = collection.get(objectKey(at));
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

/** The object that stands already, by the mirror; asked again when a shared store may know better. */
async function documentAt({ collection, mirror }: Parts, key: string): Promise<Document | undefined> {
  if (!collection.get(key)) return undefined;
  await mirror.current();
  return collection.get(key);
}
