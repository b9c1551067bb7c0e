import type { TypeDescription } from '../schema/descriptions.ts';
import type { FieldSchema, TypeSchema } from '../schema/types.ts';
import type { Json, OpenApiVersion } from './json.ts';

const zeroValues: Readonly<Record<string, unknown>> = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
};

function parsed(text: string, { format }: FieldSchema): unknown {
  if (format === 'boolean') return text === 'true';
  return format === 'int32' || format === 'int64' ? Number(text) : text;
}

/**
 * What stands in for a field that is not given: what is said of it, or the zero value of what is always written. Upstream
 * tells it in version 3 only.
 */
export function defaultOf(field: FieldSchema, { initial }: TypeDescription, version: OpenApiVersion): unknown {
  if (version === 2) return undefined;
  if (field.default !== undefined) return field.default;
  const said = initial[field.name];
  if (said !== undefined) return parsed(said, field);
  if (field.zero !== 'always') return undefined;
  if (field.kind === 'object') return {};
  return field.kind === 'scalar' ? zeroValues[field.format] : undefined;
}

/** The value with the words that it takes, if they are a closed set. */
export function withOffered(value: Json, words: string | undefined): Json {
  if (words === undefined) return value;
  const { items, additionalProperties } = value;
  if (items) return { ...value, items: withOffered(items as Json, words) };
  if (additionalProperties) return { ...value, additionalProperties: withOffered(additionalProperties as Json, words) };
  return { ...value, enum: words.split(',') };
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const runtime = 'io.k8s.apimachinery.pkg.runtime';
const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Definitions of what takes many forms, by their names. */
export const freeDefinitions: Readonly<Record<string, Json>> = {
  [`${meta}.FieldsV1`]: {
    description: 'A set of fields: names of fields and keys of items, one inside the other.',
    type: 'object',
  },
  [`${runtime}.RawExtension`]: { description: 'An object of any kind.', type: 'object' },
  [`${extensions}.JSON`]: { description: 'Any JSON value.' },
  [`${extensions}.JSONSchemaPropsOrArray`]: { description: 'A schema, or a list of them.' },
  [`${extensions}.JSONSchemaPropsOrBool`]: { description: 'A schema, or a boolean.' },
  [`${extensions}.JSONSchemaPropsOrStringArray`]: { description: 'A schema, or a list of texts.' },
};

/** Fields that hold such values. */
const freeFields: Readonly<Record<string, string>> = {
  'V1ManagedFieldsEntry.fieldsV1': `${meta}.FieldsV1`,
  'V1WatchEvent.object': `${runtime}.RawExtension`,
  'V1ControllerRevision.data': `${runtime}.RawExtension`,
  'V1AllocatedDeviceStatus.data': `${runtime}.RawExtension`,
  'V1OpaqueDeviceConfiguration.parameters': `${runtime}.RawExtension`,
  'V1JSONSchemaProps.additionalItems': `${extensions}.JSONSchemaPropsOrBool`,
  'V1JSONSchemaProps.additionalProperties': `${extensions}.JSONSchemaPropsOrBool`,
  'V1JSONSchemaProps.default': `${extensions}.JSON`,
  'V1JSONSchemaProps.dependencies': `${extensions}.JSONSchemaPropsOrStringArray`,
  'V1JSONSchemaProps.enum': `${extensions}.JSON`,
  'V1JSONSchemaProps.example': `${extensions}.JSON`,
  'V1JSONSchemaProps.items': `${extensions}.JSONSchemaPropsOrArray`,
};

/** The definition of what a field holds that takes many forms. */
export function freeDefinitionOf(type: TypeSchema, field: FieldSchema): string | undefined {
  return freeFields[`${type.name}.${field.name}`];
}
