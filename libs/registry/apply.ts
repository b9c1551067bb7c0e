import { type Applied, applyPatch } from '../api/apply/apply.ts';
import { conformPatched } from '../api/decode/decode.ts';
import type { V1ManagedFieldsEntry } from '../api/gen/types.ts';
import { type KubeObject, type ObjectName, objectKey } from '../api/meta.ts';
import { cloneJson } from '../api/patch/json-value.ts';
import { isStatus } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import { createDraft } from './create.ts';
import { badRequest, notFound } from './errors.ts';
import { expectedOf } from './expected-type.ts';
import { writeContext } from './field-managers.ts';
import { modifyObject } from './modify.ts';
import { checkKind, metadataOf, place } from './object-meta.ts';
import type { Parts } from './parts.ts';
import type { PatchRequest, WriteAnswer } from './requests.ts';
import { storesInForm } from './sections.ts';
import { nextState } from './update.ts';
import { writeAttemptsMax } from './writer.ts';

/**
 * Server-side apply: creates the object where there is none. Where it comes or goes meanwhile, another attempt is made
 * on what the store holds then. @throws StatusError.
 */
export async function applyObject(parts: Parts, at: ObjectName, request: PatchRequest): Promise<WriteAnswer> {
  checkRepeated(request);
  for (let attempt = 1; ; attempt++) {
    const absent = await isAbsent(parts, at);
    if (absent && request.subresource) throw notFound(parts.definition, at.name);
    try {
      if (absent) return { document: await createByApply(parts, at, request), created: true };
      return { document: await applyToStanding(parts, at, request), created: false };
    } catch (error) {
      if (attempt >= writeAttemptsMax || !isStatus(error, absent ? 'AlreadyExists' : 'NotFound')) throw error;
      await parts.mirror.catchUp();
      // Then something else was not found.
      if (!absent && parts.collection.get(objectKey(at))) throw error;
    }
  }
}

/** Asks the store before it says so, in case another server has just made the object. */
async function isAbsent({ collection, mirror }: Parts, at: ObjectName): Promise<boolean> {
  const key = objectKey(at);
  if (collection.get(key)) return false;
  await mirror.current();
  return !collection.get(key);
}

async function applyToStanding(parts: Parts, at: ObjectName, request: PatchRequest): Promise<Document> {
  const { document } = await modifyObject(parts, {
    at,
    dryRun: request.dryRun,
    subresource: request.subresource,
    next: (previous) => {
      const draft = inForm(parts, at, applyTo(parts, previous.object, request), previous.object);
      return nextState(parts, { draft, previous, request, ownershipDone: true });
    },
  });
  return document;
}

/** Keys that stand twice are refused, told of or let be, as the request wishes. @throws StatusError BadRequest. */
function checkRepeated(request: PatchRequest): void {
  const { complaints, fieldValidation } = request;
  if (complaints.length === 0 || fieldValidation === 'Ignore') return;
  const what = `error converting YAML to JSON: yaml: unmarshal errors:\n  ${complaints.join('\n  ')}`;
  const message = `error strict decoding YAML: ${what}`;
  if (fieldValidation === 'Strict') throw badRequest(message);
  request.warn(message);
}

function createByApply(parts: Parts, at: ObjectName, request: PatchRequest): Promise<Document> {
  const draft = inForm(parts, at, applyTo(parts, undefined, request));
  return createDraft(parts, draft, request, { ownershipDone: true });
}

function applyTo(parts: Parts, current: KubeObject | undefined, request: PatchRequest): Applied {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('the configuration is no object');
  const configuration = body as Record<string, unknown> & KubeObject;
  if (!configuration.kind || !configuration.apiVersion) {
    throw badRequest('the configuration must say its kind and apiVersion');
  }
  checkKind(parts.definition, configuration);
  return applyPatch(current, configuration, {
    ...writeContext(parts.definition, request, parts.clock),
    force: request.force,
  });
}

function inForm(parts: Parts, at: ObjectName, applied: Applied, previous?: KubeObject): KubeObject {
  const { definition } = parts;
  const metadata = applied.object.metadata as { managedFields?: unknown };
  const { managedFields, ...others } = metadata;
  const whole = { ...applied.object, metadata: others };
  const settled = storesInForm(definition);
  const plain = settled || !previous ? whole : cloneJson(whole);
  const { object } = conformPatched(plain, expectedOf(definition), settled ? previous : undefined);
  if (managedFields) metadataOf(object).managedFields = managedFields as V1ManagedFieldsEntry[];
  place(definition, object, at);
  return object;
}
