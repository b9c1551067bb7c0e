import type { V1OwnerReference } from '../gen/types.ts';
import type { KubeObject, ObjectMeta } from '../meta.ts';
import { sameValue } from './equality.ts';
import { labels } from './labels.ts';
import { asPrefix, dnsLabel, dnsSubdomain, type NameCheck, qualifiedName } from './names.ts';
import type { Report } from './report.ts';
import { always, type Rule } from './rule.ts';

const ANNOTATIONS_BYTES_MAX = 256 * 1024;
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** Finalizers without a domain that the API knows. */
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export interface MetadataShape {
  /** How the object's name looks. */
  readonly name: NameCheck;
  readonly namespaced: boolean;
  /** Whether finalizers without a domain must be standard ones. */
  readonly freeFinalizers?: boolean;
}

/** What must hold for the metadata of every object. */
export function metadata(shape: MetadataShape): Rule<ObjectMeta> {
  const prefix = asPrefix(shape.name);
  return always((meta = {}, at) => {
    if (meta.generateName) for (const complaint of prefix(meta.generateName)) at.invalid(complaint, 'generateName');
    if (!meta.name) at.required('a name or generateName is needed', 'name');
    else for (const complaint of shape.name(meta.name)) at.invalid(complaint, 'name');
    namespace(meta, at, shape.namespaced);
    if ((meta.generation ?? 0) < 0) at.invalid('must not be negative', 'generation');
    under(at, 'labels', meta.labels, labels);
    under(at, 'annotations', meta.annotations, annotations);
    under(at, 'ownerReferences', meta.ownerReferences, ownerReferences);
    under(at, 'finalizers', meta.finalizers, finalizers);
    if (!shape.freeFinalizers) standardFinalizers(meta, at);
  });
}

export const namespacedMetadata: Rule<ObjectMeta> = metadata({ name: dnsSubdomain, namespaced: true });
export const clusterMetadata: Rule<ObjectMeta> = metadata({ name: dnsSubdomain, namespaced: false });

function under<T>(at: Report, step: string, value: T | undefined, rule: Rule<T>): void {
  if (value === undefined || value === null) return;
  at.enter(step);
  rule(value, at, undefined);
  at.leave();
}

function namespace(meta: ObjectMeta, at: Report, namespaced: boolean): void {
  if (!namespaced) {
    if (meta.namespace) at.forbidden('objects of this kind are in no namespace', 'namespace');
  } else if (!meta.namespace) at.required('', 'namespace');
  else for (const complaint of dnsLabel(meta.namespace)) at.invalid(complaint, 'namespace');
}

export const annotations: Rule<Readonly<Record<string, string>>> = (map, at) => {
  let units = 0;
  for (const key in map) {
    for (const complaint of qualifiedName(key.toLowerCase())) at.invalid(complaint);
    units += key.length + map[key]!.length;
  }
  const mayBeTooLong = units * UTF8_BYTES_PER_UNIT_MAX > ANNOTATIONS_BYTES_MAX;
  if (mayBeTooLong && bytesOf(map) > ANNOTATIONS_BYTES_MAX) at.tooLong(ANNOTATIONS_BYTES_MAX);
};

function bytesOf(map: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const key in map) bytes += Buffer.byteLength(key) + Buffer.byteLength(map[key]!);
  return bytes;
}

const ownerReferences: Rule<readonly V1OwnerReference[]> = (owners, at) => {
  let controllers = 0;
  for (const owner of owners) {
    const slash = owner.apiVersion?.indexOf('/') ?? -1;
    if (!owner.apiVersion?.slice(slash + 1)) at.invalid('the version must not be empty', 'apiVersion');
    for (const name of ['kind', 'name', 'uid'] as const) if (!owner[name]) at.invalid('must not be empty', name);
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') at.invalid('events own nothing');
    if (owner.controller && controllers++ > 0) at.invalid('only one owner may be the controller');
  }
};

const finalizers: Rule<readonly string[]> = (list, at) => {
  for (const finalizer of list) for (const complaint of qualifiedName(finalizer)) at.invalid(complaint);
  if (list.includes('orphan') && list.includes('foregroundDeletion')) {
    at.invalid('orphan and foregroundDeletion exclude each other');
  }
};

function standardFinalizers(meta: ObjectMeta, at: Report): void {
  meta.finalizers?.forEach((finalizer, i) => {
    if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      at.invalid('is neither a standard finalizer nor has it a domain', 'finalizers', i);
    }
  });
}

const IMMUTABLE_METADATA = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** What an update must leave alone in the metadata of every object, custom ones included. */
export function metadataChange(object: KubeObject, previous: KubeObject, at: Report): void {
  const meta = object.metadata ?? {};
  const before = previous.metadata ?? {};
  at.enter('metadata');
  if (before.deletionTimestamp && meta.finalizers?.some((f) => !before.finalizers?.includes(f))) {
    at.forbidden('no finalizer can be added while the object is being deleted', 'finalizers');
  }
  if ((meta.generation ?? 0) < (before.generation ?? 0)) at.invalid('must not be decremented', 'generation');
  for (const field of IMMUTABLE_METADATA) {
    if (!sameValue(meta[field], before[field])) at.invalid('field is immutable', field);
  }
  under(at, 'labels', meta.labels, labels);
  under(at, 'annotations', meta.annotations, annotations);
  under(at, 'ownerReferences', meta.ownerReferences, ownerReferences);
  at.leave();
}

/** The same for built-in kinds. */
export function metadataUpdate(object: KubeObject, previous: KubeObject, at: Report): void {
  metadataChange(object, previous, at);
  at.enter('metadata');
  standardFinalizers(object.metadata ?? {}, at);
  at.leave();
}

/** Metadata of templates of objects: only labels and annotations can be set. */
export const templateMetadata: Rule<ObjectMeta> = (meta, at) => {
  under(at, 'annotations', meta.annotations, annotations);
  under(at, 'labels', meta.labels, labels);
  for (const field of Object.keys(meta) as Array<keyof ObjectMeta>) {
    if (field === 'annotations' || field === 'labels' || field === 'managedFields') continue;
    if (!sameValue(meta[field], undefined)) at.forbidden('cannot be set here', field);
  }
};
