import type { V1LabelSelector, V1OwnerReference } from '../api/gen/types.ts';
import { apiVersionOf, type KubeObject, type Resource } from '../api/meta.ts';

/** The reference to the controller that manages the object, if one does. */
export function controllerOf(object: KubeObject): V1OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

/** An index of objects by the uid of the controller that owns them. */
export const byController = 'controller';
export const controllerUidOf = (object: KubeObject): string | undefined => controllerOf(object)?.uid;

/** An index of the objects that no controller owns, by their namespace. */
export const orphans = 'orphans';
export const namespaceOfOrphan = (object: KubeObject): string | undefined =>
  controllerOf(object) ? undefined : (object.metadata?.namespace ?? '');

/** A reference that makes `owner` the controller of an object. */
export function controllerReference(resource: Resource, owner: KubeObject): V1OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Whether `reference` names the resource's kind in any version of its group. */
export function refersTo(resource: Resource, reference: V1OwnerReference | undefined): boolean {
  if (!reference || reference.kind !== resource.kind) return false;
  const slash = reference.apiVersion.indexOf('/');
  return (slash < 0 ? '' : reference.apiVersion.slice(0, slash)) === resource.group;
}

/** Whether the labels satisfy the selector. An absent selector matches nothing, an empty one everything. */
export function selectorMatches(selector: V1LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  if (!selector) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const value = labels[key];
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
    if (operator === 'In' && (value === undefined || !values?.includes(value))) return false;
    if (operator === 'NotIn' && value !== undefined && values?.includes(value)) return false;
  }
  return true;
}

export function isEmptySelector(selector: V1LabelSelector | undefined): boolean {
  const labels = Object.keys(selector?.matchLabels ?? {}).length;
  return labels === 0 && (selector?.matchExpressions ?? []).length === 0;
}

/** Whether labels carry every pair of a plain map, as a Service's selector asks. An empty map matches nothing. */
export function mapMatches(wanted: Record<string, string> | undefined, labels: Record<string, string> = {}): boolean {
  const pairs = Object.entries(wanted ?? {});
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}

/** What to do with each candidate for a controller that selects by labels. */
export interface Claim<T> {
  owned: T[];
  /** Match, have no controller: to be adopted. */
  adopt: T[];
  /** Are owned but match no longer: to be released. */
  release: T[];
}

/** Sorts candidates by whose they are. Nothing is adopted for an owner in deletion, nor an object in deletion. */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  selector: V1LabelSelector | undefined,
  all: readonly T[],
) {
  const result: Claim<T> = { owned: [], adopt: [], release: [] };
  const ownerLeaving = owner.metadata?.deletionTimestamp !== undefined;
  for (const object of all) {
    const matches = selectorMatches(selector, object.metadata?.labels);
    const reference = controllerOf(object);
    if (reference) {
      if (reference.uid !== owner.metadata?.uid) continue;
      if (matches) result.owned.push(object);
      else if (ownerLeaving) continue;
      else result.release.push(object);
    } else if (matches && !ownerLeaving && !object.metadata?.deletionTimestamp) result.adopt.push(object);
  }
  return result;
}
