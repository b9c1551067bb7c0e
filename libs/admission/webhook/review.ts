import type { ResourceDefinition } from '../../api/definition.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { UserInfo } from '../../auth/user.ts';
import { Document } from '../../cache/document.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import type { PatchRequest, WriteRequest } from '../../registry/requests.ts';
import { scaleDocument } from '../../registry/scale.ts';

export const reviewApiVersion = 'admission.k8s.io/v1';

/** What a webhook may answer. Source: the AdmissionResponse of admission.k8s.io/v1. */
export interface AdmissionResponse {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly status?: { code?: number; message?: string; reason?: string; status?: string; details?: object };
  /** A JSON patch in base64. */
  readonly patch?: string;
  readonly patchType?: string;
  /** The patch, once it has been read. */
  readonly operations?: readonly unknown[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}

/** The question about one request, asked as if it were for `as`, another version of the same objects. */
export function admissionReview(attributes: AdmissionAttributes, as: ResourceDefinition, uid: string): object {
  const { definition, at, operation, subresource, request } = attributes;
  const convert = as === definition ? (object: KubeObject) => object : converter(definition, as);
  const shown = (object: KubeObject | undefined) => object && convert(shownPart(attributes, object));
  const isNamespace = definition.group === '' && definition.plural === 'namespaces';
  return {
    kind: 'AdmissionReview',
    apiVersion: reviewApiVersion,
    request: {
      uid,
      kind: kindOf(attributes, as),
      resource: resourceOf(as),
      subResource: subresource,
      requestKind: kindOf(attributes, definition),
      requestResource: resourceOf(definition),
      requestSubResource: subresource,
      name: at.name,
      namespace: isNamespace ? at.name : at.namespace,
      operation: operation.toUpperCase(),
      userInfo: wireUser(request.user),
      object: shown(attributes.object) ?? null,
      oldObject: shown(attributes.previous) ?? null,
      dryRun: request.dryRun,
      options: optionsOf(attributes),
    },
  };
}

/** Scale is the one part of an object that has a form of its own. */
function shownPart({ definition, subresource }: AdmissionAttributes, object: KubeObject): KubeObject {
  if (subresource !== 'scale' || object.kind === 'Scale') return object;
  const revision = Number(object.metadata?.resourceVersion ?? 0);
  return scaleDocument(definition, Document.ofObject(object, revision)).object;
}

function converter(from: ResourceDefinition, to: ResourceDefinition): (object: KubeObject) => KubeObject {
  return (object) => {
    const stored = from.storedAs ? from.storedAs.toStored(object) : object;
    return to.storedAs ? to.storedAs.fromStored(stored) : stored;
  };
}

function kindOf({ subresource, operation, object }: AdmissionAttributes, definition: ResourceDefinition) {
  const { group, version, kind } = definition;
  if (operation === 'connect') return { group, version, kind: object?.kind ?? kind };
  if (subresource === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const part = definition.subresources?.find((one) => one.name === subresource);
  return part
    ? { group: part.group ?? group, version: part.version ?? version, kind: part.kind }
    : { group, version, kind };
}

function resourceOf({ group, version, plural }: ResourceDefinition) {
  return { group, version, resource: plural };
}

function wireUser({ name, uid, groups, extra }: UserInfo) {
  return { username: name, uid, groups, extra };
}

const optionsKinds = { create: 'CreateOptions', update: 'UpdateOptions', delete: 'DeleteOptions' } as const;

function optionsOf({ operation, request }: AdmissionAttributes): object | null {
  if (operation === 'connect') return null;
  const dryRun = request.dryRun ? ['All'] : undefined;
  const isPatch = 'type' in (request as Partial<PatchRequest>) && operation === 'update';
  const kind = isPatch ? 'PatchOptions' : optionsKinds[operation];
  const head = { kind, apiVersion: 'meta.k8s.io/v1', dryRun };
  if (!('fieldManager' in request)) {
    const { gracePeriodSeconds, propagationPolicy, preconditions } = request;
    return { ...head, gracePeriodSeconds, propagationPolicy, preconditions };
  }
  const { fieldManager, fieldValidation } = request as WriteRequest;
  return { ...head, fieldManager, fieldValidation };
}

/** Reads an answer. @throws Error that says what is wrong with it. */
export function readResponse(review: unknown, uid: string, mutating: boolean): AdmissionResponse {
  const { response, kind, apiVersion } = review as { response?: AdmissionResponse; kind?: string; apiVersion?: string };
  if (!response) throw new Error('webhook response was absent');
  if (response.uid !== uid) throw new Error(`expected response.uid=${quoted(uid)}, got ${quoted(response.uid)}`);
  if (kind !== 'AdmissionReview' || apiVersion !== reviewApiVersion) {
    const wanted = `${reviewApiVersion}, Kind=AdmissionReview`;
    throw new Error(`expected webhook response of ${wanted}, got ${apiVersion ?? ''}, Kind=${kind ?? ''}`);
  }
  const { patch, patchType } = response;
  if (!mutating) {
    if (patch) throw new Error('validating webhook may not return response.patch');
    if (patchType !== undefined) throw new Error('validating webhook may not return response.patchType');
    return response;
  }
  if (patch && patchType === undefined) throw new Error('webhook returned response.patch but not response.patchType');
  if (!patch && patchType !== undefined) throw new Error('webhook returned response.patchType but not response.patch');
  if (!patch) return response;
  if (patchType !== 'JSONPatch') throw new Error(`unsupported patch type ${quoted(patchType)}`);
  return { ...response, operations: readOperations(patch) };
}

function readOperations(patch: string): unknown[] {
  try {
    const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString());
    if (Array.isArray(operations)) return operations;
  } catch {
    // said below
  }
  throw new Error('received undecodable patch in webhook response');
}

function quoted(text: string | undefined): string {
  return JSON.stringify(text ?? '');
}
