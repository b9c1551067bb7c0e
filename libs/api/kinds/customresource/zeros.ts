import type { V1JSONSchemaProps } from '../../gen/types.ts';

/** Values of any type, and values for which nothing and false are two things. */
const kept = new Set([
  ...['default', 'enum', 'example', 'additionalProperties', 'x-kubernetes-preserve-unknown-fields'],
  ...['x-kubernetes-validations'],
]);

function isZero(value: unknown): boolean {
  if (value === '' || value === false || value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Takes what says nothing out of a schema, in place, however deep it stands: `"format": ""`, `"nullable": false`. */
export function dropZeros(schema: V1JSONSchemaProps | undefined): void {
  if (typeof schema !== 'object' || schema === null) return;
  const members = schema as Record<string, unknown>;
  const { items, additionalProperties, not, properties, allOf = [], anyOf = [], oneOf = [] } = schema;
  for (const part of [
    items,
    additionalProperties,
    not,
    ...allOf,
    ...anyOf,
    ...oneOf,
    ...Object.values(properties ?? {}),
  ]) {
    if (Array.isArray(part)) for (const one of part) dropZeros(one as V1JSONSchemaProps);
    else dropZeros(part as V1JSONSchemaProps | undefined);
  }
  // An empty schema describes anything: it is no absent one.
  for (const [key, value] of Object.entries(members)) {
    if (!kept.has(key) && key !== 'items' && key !== 'not' && isZero(value)) delete members[key];
  }
}
