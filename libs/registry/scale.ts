import { conformPatched } from '../api/decode/decode.ts';
import type { ResourceDefinition, ScaleDefinition } from '../api/definition.ts';
import type { V1LabelSelector, V1Scale } from '../api/gen/types.ts';
import { apiVersionOf, type KubeObject, type ObjectName } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { applyObject } from './apply.ts';
import { badRequest, conflict, invalid, modifiedMeanwhile, notFound } from './errors.ts';
import { expectedScale } from './expected-type.ts';
import { checkFields } from './field-validation.ts';
import { modifyObject } from './modify.ts';
import { checkKind, metadataOf } from './object-meta.ts';
import type { Parts } from './parts.ts';
import { applyPlainPatch } from './patch-body.ts';
import type { DecodedObject, PatchRequest, WriteAnswer, WriteRequest } from './requests.ts';
import { draftOf, storesInForm } from './sections.ts';
import { nextState } from './update.ts';

const scaleKind = { ...expectedScale.gvk, plural: 'scales' };

/** The scale of an object: how many replicas it wants and has, and which pods they are. */
export function scaleDocument(definition: ResourceDefinition, document: Document): Document {
  return Document.ofObject(scaleOf(definition, document), document.revision);
}

function scaleOf(definition: ResourceDefinition, document: Document): V1Scale & KubeObject {
  const scale = scaleOrRefuse(definition, document);
  const { object } = document;
  const { name, namespace, uid, creationTimestamp } = object.metadata ?? {};
  const selector = scale.selectorPath === undefined ? undefined : selectorText(read(object, scale.selectorPath));
  const replicas = Number(read(object, scale.specReplicasPath) ?? 0);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion: String(document.revision), creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: Number(read(object, scale.statusReplicasPath) ?? 0), ...(selector ? { selector } : {}) },
  };
}

function scaleOrRefuse(definition: ResourceDefinition, document: Document): ScaleDefinition {
  if (!definition.scale) throw notFound(definition, document.object.metadata?.name ?? '');
  return definition.scale;
}

export async function updateScale(
  parts: Parts,
  at: ObjectName,
  body: DecodedObject,
  request: WriteRequest,
): Promise<WriteAnswer> {
  checkKind(scaleKind, body.object);
  const wanted = () => body.object as V1Scale & KubeObject;
  return writeScale(parts, at, { request, wanted, afterwards: forgetScalers });
}

/** Whoever puts a scale takes the replicas from their owners, but is not recorded for it, as upstream does. */
function forgetScalers(draft: KubeObject): void {
  const metadata = metadataOf(draft);
  metadata.managedFields = metadata.managedFields?.filter(({ subresource }) => subresource !== 'scale');
}

export async function patchScale(parts: Parts, at: ObjectName, request: PatchRequest): Promise<WriteAnswer> {
  const wanted = (document: Document) => {
    const scale = scaleOf(parts.definition, document);
    const { object, complaints } = conformPatched(applyPlainPatch(request, scale, 'V1Scale'), expectedScale);
    checkFields(scaleKind, { object, complaints: [...request.complaints, ...complaints] }, request);
    return object as V1Scale & KubeObject;
  };
  return writeScale(parts, at, { request, wanted });
}

/** What is applied is the one field of the object that the scale is about: its owners and their conflicts are there. */
export async function applyScale(parts: Parts, at: ObjectName, request: PatchRequest): Promise<WriteAnswer> {
  const { definition } = parts;
  const scale = request.body as V1Scale & KubeObject;
  if (typeof scale !== 'object' || scale === null) throw badRequest('the configuration is no object');
  checkKind(scaleKind, scale);
  const { name = at.name } = scale.metadata ?? {};
  if (name !== at.name) throw otherName();
  checkReplicas(at, scale);
  const body = { apiVersion: apiVersionOf(definition), kind: definition.kind, metadata: { name } };
  if (scale.spec?.replicas !== undefined) write(body, definition.scale?.specReplicasPath ?? '', scale.spec.replicas);
  const { document } = await applyObject(parts, at, { ...request, body });
  return { document: scaleDocument(definition, document), created: false };
}

interface ScaleWrite {
  readonly request: WriteRequest;
  wanted(document: Document): V1Scale & KubeObject;
  /** Called with an object whose replicas are others now. */
  afterwards?(changed: KubeObject): void;
}

async function writeScale(parts: Parts, at: ObjectName, scaling: ScaleWrite): Promise<WriteAnswer> {
  const { definition } = parts;
  const { request } = scaling;
  const { document } = await modifyObject(parts, {
    at,
    dryRun: request.dryRun,
    subresource: request.subresource,
    next: async (previous) => {
      const path = scaleOrRefuse(definition, previous).specReplicasPath;
      const scale = scaling.wanted(previous);
      checkScale(definition, at, scale, previous);
      const draft = storesInForm(definition) ? draftOf(previous.object, new Set([sectionOf(path)])) : previous.copy();
      metadataOf(draft).resourceVersion = undefined;
      write(draft, path, scale.spec?.replicas ?? 0);
      const next = await nextState(parts, { draft, previous, request });
      if (Number(read(next, path) ?? 0) !== Number(read(previous.object, path) ?? 0)) scaling.afterwards?.(next);
      return next;
    },
  });
  return { document: scaleDocument(definition, document), created: false };
}

function checkScale(
  definition: ResourceDefinition,
  at: ObjectName,
  scale: V1Scale & KubeObject,
  previous: Document,
): void {
  const { name, uid, resourceVersion } = scale.metadata ?? {};
  if (name !== at.name) throw otherName();
  if (uid && uid !== previous.object.metadata?.uid) {
    throw conflict(definition, at.name, `Precondition failed: UID in precondition: ${uid}`);
  }
  if (resourceVersion && resourceVersion !== String(previous.revision)) {
    throw conflict(definition, at.name, modifiedMeanwhile);
  }
  // Kinds of users' own refuse it in words of their own.
  if (!definition.customSchema) checkReplicas(at, scale);
}

function otherName() {
  return badRequest('the name of the object does not match the name on the URL');
}

function checkReplicas(at: ObjectName, scale: V1Scale): void {
  const replicas = scale.spec?.replicas ?? 0;
  if (!Number.isInteger(replicas) || replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    throw invalid(scaleKind, at.name, [{ field: 'spec.replicas', reason: 'FieldValueInvalid', message }]);
  }
}

/**
 * Lets the scale of a draft be changed, of which the number of replicas is taken over. False when it stays what it was.
 * @throws StatusError Invalid.
 */
export function rescale(
  definition: ResourceDefinition,
  draft: KubeObject,
  change: (scale: V1Scale & KubeObject) => unknown,
): boolean {
  const scale = scaleOf(definition, Document.ofObject(draft));
  const before = scale.spec?.replicas ?? 0;
  const changed = conformPatched(change(scale), expectedScale).object as V1Scale;
  checkReplicas({ name: draft.metadata?.name ?? '' }, changed);
  const replicas = changed.spec?.replicas ?? 0;
  if (replicas === before) return false;
  write(draft, definition.scale?.specReplicasPath ?? '', replicas);
  return true;
}

/** The value at a path such as `.spec.replicas`. */
function read(object: unknown, path: string): unknown {
  let value = object;
  for (const step of path.split('.')) {
    if (step === '') continue;
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function sectionOf(path: string): string {
  return path.split('.').find(Boolean) ?? '';
}

function write(object: object, path: string, value: unknown): void {
  const steps = path.split('.').filter(Boolean);
  let at = object as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) {
    at[step] ??= {};
    at = at[step] as Record<string, unknown>;
  }
  at[steps[steps.length - 1]!] = value;
}

/** A label selector as the text that list requests take. */
function selectorText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  const selector = value as V1LabelSelector;
  if (!selector.matchLabels && !selector.matchExpressions) {
    return Object.entries(value as Record<string, string>)
      .map(([key, text]) => `${key}=${text}`)
      .sort()
      .join(',');
  }
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, text]) => ({ key, text: `${key}=${text}` }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const list = `(${[...(values ?? [])].sort().join(',')})`;
    if (operator === 'In') parts.push({ key, text: `${key} in ${list}` });
    else if (operator === 'NotIn') parts.push({ key, text: `${key} notin ${list}` });
    else parts.push({ key, text: operator === 'Exists' ? key : `!${key}` });
  }
  parts.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return parts.map(({ text }) => text).join(',');
}
