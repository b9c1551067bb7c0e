import { conformPatched } from '../api/decode/decode.ts';
import type { ResourceDefinition } from '../api/definition.ts';
import { apiVersionOf, type KubeObject, type ObjectName } from '../api/meta.ts';
import { StatusError } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import { applyObject } from './apply.ts';
import { badRequest } from './errors.ts';
import { expectedOf } from './expected-type.ts';
import { checkFields } from './field-validation.ts';
import { modifyObject } from './modify.ts';
import { metadataOf, place } from './object-meta.ts';
import type { Parts } from './parts.ts';
import { applyPlainPatch, sectionsOf } from './patch-body.ts';
import type { PatchRequest, WriteAnswer } from './requests.ts';
import { draftOf, storesInForm } from './sections.ts';
import { nextState } from './update.ts';

/** Changes an object by a patch of any type. @throws StatusError. */
export async function patchObject(parts: Parts, at: ObjectName, request: PatchRequest): Promise<WriteAnswer> {
  if (request.type === 'apply') return applyObject(parts, at, request);
  const { definition } = parts;
  const { document } = await modifyObject(parts, {
    at,
    dryRun: request.dryRun,
    subresource: request.subresource,
    next: (previous) => {
      const patched = applyPlainPatch(request, draftFor(definition, request, previous), definition.type);
      const settled = storesInForm(definition) ? previous.object : undefined;
      const { object: draft, complaints } = conformPatched(patched, expectedOf(definition), settled);
      settleKind(definition, draft, request);
      checkFields(definition, { object: draft, complaints: [...request.complaints, ...complaints] }, request);
      if (metadataOf(draft).name !== at.name) throw badRequest('a patch cannot change the name of an object');
      place(definition, draft, at);
      return nextState(parts, { draft, previous, request });
    },
  });
  return { document, created: false };
}

/**
 * A patch cannot change what the object is: strategic patches do not reach it, others are refused. Whoever removes the
 * kind changes nothing, as nobody doubts it; without its version nothing can be said of the rest.
 */
function settleKind(definition: ResourceDefinition, draft: KubeObject, { type }: PatchRequest): void {
  if (!draft.kind || type === 'strategic') draft.kind = definition.kind;
  if (type === 'strategic') draft.apiVersion = apiVersionOf(definition);
  if (!draft.apiVersion) throw badRequest('the patched object does not say its apiVersion');
  if (draft.kind === definition.kind && draft.apiVersion === apiVersionOf(definition)) return;
  const message = `the patch makes a ${definition.kind} one of ${draft.apiVersion}, Kind=${draft.kind}`;
  throw new StatusError('Invalid', message, {
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

/**
 * What a patch changes. Nearly no patch is about managedFields, and what a write says nothing about stays; a patch that
 * is gets a copy of its own.
 */
function draftFor(definition: ResourceDefinition, request: PatchRequest, previous: Document): KubeObject {
  const sections = sectionsOf(request);
  const ofMetadata = !sections || sections.has('metadata');
  if (ofMetadata && JSON.stringify(request.body ?? null).includes('managedFields')) {
    return JSON.parse(previous.bytes.toString()) as KubeObject;
  }
  return storesInForm(definition) ? draftOf(previous.object, sections) : previous.copyWithoutOwnership();
}
