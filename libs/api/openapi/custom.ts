import type { ResourceDefinition } from '../definition.ts';
import type { V1JSONSchemaProps } from '../gen/types.ts';
import type { Json, OpenApiVersion } from './json.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

const headDescriptions = {
  apiVersion: 'APIVersion defines the version of the schema in which the object is written.',
  kind: 'Kind names what the object is, in CamelCase.',
};

/** The name under which a custom kind is defined: `com.example.stable.v1.CronTab`. */
export function customDefinition({ group, version, kind }: ResourceDefinition): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/** The definition of a custom kind, made of the schema that it came with. */
export function customStructure(
  { group, version: ofGroup, kind, customSchema = {} }: ResourceDefinition,
  version: OpenApiVersion,
  ref: (definition: string) => Json,
): Json {
  const gvk = { 'x-kubernetes-group-version-kind': [{ group, version: ofGroup, kind }] };
  // What takes any field is not described to clients of version 2: they would refuse fields that they do not know.
  if (version === 2 && customSchema['x-kubernetes-preserve-unknown-fields']) return { type: 'object', ...gvk };
  const written = part(customSchema, { version, ref });
  return {
    type: 'object',
    ...written,
    properties: { ...(written.properties as Json), ...heads(version, ref) },
    ...gvk,
  };
}

/** What every object has. */
function heads(version: OpenApiVersion, ref: (definition: string) => Json): Json {
  const texts = Object.entries(headDescriptions).map(([name, description]) => [name, { type: 'string', description }]);
  const metadata = {
    description: "Standard object's metadata: its name, its labels and what else every object has.",
    ...refBeside(version, ref(`${meta}.ObjectMeta`)),
  };
  return { ...Object.fromEntries(texts), metadata };
}

/** The list of a custom kind. */
export function customList(
  { group, version: ofGroup, kind }: ResourceDefinition,
  version: OpenApiVersion,
  refs: { item: Json; ref: (definition: string) => Json },
): Json {
  const head = Object.entries(headDescriptions).map(([name, description]) => [name, { type: 'string', description }]);
  const metadata = refBeside(version, refs.ref(`${meta}.ListMeta`));
  const items = { description: `The objects of kind ${kind}.`, type: 'array', items: refs.item };
  return {
    description: `A list of objects of kind ${kind}.`,
    type: 'object',
    required: ['items'],
    properties: { ...Object.fromEntries(head), items, metadata },
    'x-kubernetes-group-version-kind': [{ group, version: ofGroup, kind: `${kind}List` }],
  };
}

/** OpenAPI 3.0 allows nothing beside a reference. */
function refBeside(version: OpenApiVersion, ref: Json): Json {
  return version === 3 ? { allOf: [ref] } : ref;
}

/** What version 2 of OpenAPI has no words for; clients that speak it refuse a schema that has them. */
const onlyInVersion3 = ['oneOf', 'anyOf', 'allOf', 'not', 'nullable'];

interface Writing {
  readonly version: OpenApiVersion;
  ref(definition: string): Json;
}

function part(schema: V1JSONSchemaProps, writing: Writing): Json {
  const { version, ref } = writing;
  const written: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || (version === 2 && onlyInVersion3.includes(key))) continue;
    written[key] = member(key, value, writing);
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-embedded-resource'] && !(version === 2 && open)) {
    written.properties = { ...(written.properties as Json), ...heads(version, ref) };
    written.required = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])];
  }
  if (version === 2) loosen(schema, written);
  return written;
}

/** What may be null or takes any field is left open in version 2, whose clients would refuse what they do not know. */
function loosen(schema: V1JSONSchemaProps, written: Json): void {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.nullable || open) {
    delete written.properties;
    delete written.items;
  }
  const untyped = schema.nullable || (open && schema.type === 'object') || (schema.type === 'array' && !written.items);
  if (untyped) delete written.type;
  const nullable = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => (one.nullable ? [name] : []));
  if (nullable.length === 0 || !schema.required) return;
  written.required = schema.required.filter((name) => !nullable.includes(name));
}

function member(key: string, value: unknown, writing: Writing): unknown {
  const below = (one: unknown) => (isSchema(one) ? part(one, writing) : one);
  switch (key) {
    case 'properties':
      return Object.fromEntries(Object.entries(value as Json).map(([name, one]) => [name, below(one)]));
    case 'items':
    case 'additionalProperties':
    case 'not':
      return below(value);
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return (value as unknown[]).map(below);
    default:
      return value;
  }
}

function isSchema(value: unknown): value is V1JSONSchemaProps {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
