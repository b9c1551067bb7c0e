import type { V1ObjectMeta } from './gen/types.ts';

export type ObjectMeta = V1ObjectMeta;

/** What every API object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** The identity of a resource: how it is addressed in URLs and named in objects. T is the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** API group; '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case plural, as in URLs. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never set; carries T. */
  readonly objectType?: T;
}

/** Where an object lives. `namespace` is absent for cluster-scoped objects. */
export interface ObjectName {
  namespace?: string;
  name: string;
}

/** `v1` for the core group, else `group/version`. */
export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key that caches and work queues use. */
export function objectKey(at: ObjectName): string {
  return at.namespace ? `${at.namespace}/${at.name}` : at.name;
}

/** The inverse of objectKey. */
export function parseObjectKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The name of an object that the API server has answered with. */
export function nameOf(object: KubeObject): ObjectName {
  return { namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
}
