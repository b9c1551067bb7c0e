import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { isMembers } from '../../api/patch/json-value.ts';

/** What stood under a name before; undefined when it did not, or when the object only counts as a whole. */
export function memberBefore(before: unknown, name: string, schema: V1JSONSchemaProps): unknown {
  if (!isMembers(before) || schema['x-kubernetes-map-type'] === 'atomic') return undefined;
  return Object.hasOwn(before, name) ? before[name] : undefined;
}

/** Finds the item that an item of a list was before: by its keys, so only in lists that are maps. */
export function itemsBefore(before: unknown, schema: V1JSONSchemaProps): (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!Array.isArray(before) || schema['x-kubernetes-list-type'] !== 'map' || !keys) return () => undefined;
  const keyOf = (item: unknown) => (isMembers(item) ? JSON.stringify(keys.map((key) => item[key] ?? null)) : '');
  const found = new Map(before.map((item) => [keyOf(item), item]));
  return (item) => found.get(keyOf(item));
}

/** Whether what is below this part of a schema can be told apart from what was there before. */
export function correlates(schema: V1JSONSchemaProps): boolean {
  if (schema.type === 'array') return schema['x-kubernetes-list-type'] === 'map';
  return schema['x-kubernetes-map-type'] !== 'atomic';
}
