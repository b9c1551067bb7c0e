import type { ResourceDefinition } from '../definition.ts';
import type { TypeDescription } from '../schema/descriptions.ts';
import { schema } from '../schema/schema.ts';
import type { FieldSchema, GroupVersionKind, TypeSchema, ValueSchema } from '../schema/types.ts';
import { customDefinition, customList, customStructure } from './custom.ts';
import { byName, type Json, type OpenApiVersion, reference } from './json.ts';
import { optionKindsOf } from './option-kinds.ts';
import { defaultOf, freeDefinitionOf, freeDefinitions, withOffered } from './values.ts';

/** Kinds of the machinery that stand in one version of no group. */
const plainKinds = new Set(['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status']);
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Scalars that Kubernetes describes by a definition of their own. */
export const scalarDefinitions = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: `${meta}.Time`,
  'micro-time': `${meta}.MicroTime`,
} as const;

/** Definitions that are no types of the schema, in both forms. */
function scalarDefinition(name: string, version: OpenApiVersion): Json | undefined {
  const either = (...types: string[]) =>
    version === 3 ? { oneOf: types.map((type) => ({ type })) } : { type: 'string' };
  switch (name) {
    case scalarDefinitions.quantity:
      return {
        description: 'A number with an optional suffix, such as 100m, 1.5 or 64Mi.',
        ...either('string', 'number'),
      };
    case scalarDefinitions['int-or-string']:
      return { description: 'A whole number or a text.', format: 'int-or-string', ...either('integer', 'string') };
    case scalarDefinitions.time:
    case scalarDefinitions['micro-time']:
      return { description: 'A moment as RFC 3339 writes it.', type: 'string', format: 'date-time' };
    case `${meta}.Patch`:
      return { description: 'A patch in the form that the content type says.', type: 'object' };
    default:
      return undefined;
  }
}

const plainTypes: Readonly<Record<string, Json>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  byte: { type: 'string', format: 'byte' },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
};

/** What a document describes: one version of a group, or all. */
export interface Described {
  readonly version: OpenApiVersion;
  readonly of?: { readonly group: string; readonly version: string };
}

/** Group, version and kind that the type appears as; options and watch events appear in every group. */
function kindsOf(type: TypeSchema, of: Described['of']): GroupVersionKind[] | undefined {
  const gvk = schema.kindOfType(type.name);
  if (gvk) return [gvk];
  const name = type.definition.slice(meta.length + 1);
  if (type.definition !== `${meta}.${name}`) return undefined;
  return plainKinds.has(name) ? [{ group: '', version: 'v1', kind: name }] : optionKindsOf(name, of);
}

/** Writes definitions and collects those that they refer to. */
export class Definitions {
  private readonly written = new Map<string, Json>();
  private readonly version: OpenApiVersion;
  private readonly describe: (typeName: string) => TypeDescription;

  private readonly of: Described['of'];

  constructor({ version, of }: Described, describe: (typeName: string) => TypeDescription) {
    this.version = version;
    this.of = of;
    this.describe = describe;
  }

  /** A reference to a type, whose definition is then part of the document. */
  ref(definition: string): Json {
    if (!this.written.has(definition)) {
      this.written.set(definition, {});
      this.written.set(definition, this.define(definition));
    }
    return { $ref: reference(this.version, definition) };
  }

  /** A reference to a custom kind, or to its list. */
  custom(resource: ResourceDefinition, list: boolean): Json {
    const name = customDefinition(resource) + (list ? 'List' : '');
    if (!this.written.has(name)) {
      this.written.set(name, {});
      const ref = (definition: string) => this.ref(definition);
      const refs = { item: list ? this.custom(resource, false) : {}, ref };
      const written = list ? customList(resource, this.version, refs) : customStructure(resource, this.version, ref);
      this.written.set(name, written);
    }
    return { $ref: reference(this.version, name) };
  }

  /** All definitions that were referred to, by name. */
  all(): Json {
    return byName(this.written);
  }

  private define(definition: string): Json {
    const scalar = scalarDefinition(definition, this.version) ?? freeDefinitions[definition];
    if (scalar) return scalar;
    const type = schema.typeOfDefinition(definition);
    return type ? this.structure(type) : { type: 'object' };
  }

  private structure(type: TypeSchema): Json {
    const described = this.describe(type.name);
    const { text } = described;
    const required = [...type.fields.values()].filter((field) => field.required).map((field) => field.name);
    const properties = [...type.fields.values()].map((field) => [field.name, this.field(type, field, described)]);
    const gvks = kindsOf(type, this.of);
    return {
      ...(text ? { description: text } : {}),
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      ...(properties.length > 0 ? { properties: Object.fromEntries(properties) } : {}),
      ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(gvks ? { 'x-kubernetes-group-version-kind': gvks } : {}),
    };
  }

  private field(type: TypeSchema, field: FieldSchema, described: TypeDescription): Json {
    const value = withOffered(this.value(field, freeDefinitionOf(type, field)), described.offered[field.name]);
    // The client's models say nothing about fields that hold another type: what the type says of itself will do.
    const said = described.fields.get(field.name) || (field.type && this.describe(field.type.name).text);
    const description = said ? { description: said } : {};
    const byDefault = defaultOf(field, described, this.version);
    const beside = {
      ...description,
      ...(byDefault === undefined ? {} : { default: byDefault }),
      ...mergeHints(field, type),
    };
    // OpenAPI 3.0 allows nothing beside a reference.
    const wrapped = this.version === 3 && '$ref' in value && Object.keys(beside).length > 0;
    return wrapped ? { allOf: [value], ...beside } : { ...value, ...beside };
  }

  /** @param free the definition of what stands here, or in the list or map that stands here, where it takes many forms */
  private value(value: ValueSchema, free?: string): Json {
    if (value.kind === 'list') return { type: 'array', items: this.value(value.element!, free) };
    if (value.kind === 'map') return { type: 'object', additionalProperties: this.value(value.element!, free) };
    if (value.kind === 'object') return this.ref(value.type!.definition);
    const definition: string | undefined = free ?? Reflect.get(scalarDefinitions, value.format);
    return definition ? this.ref(definition) : { ...plainTypes[value.format] };
  }
}

/** What clients need to merge a field: kubectl and server-side apply. */
function mergeHints(field: FieldSchema, { definition }: TypeSchema): Json {
  const { kind, listType, listKeys, mergeKey, patchStrategies } = field;
  // Nobody merges lists of objects.
  const isItems = field.name === 'items' && definition.endsWith('List');
  const ownAtomic = kind === 'map' && field.atomic;
  const ownGranular = kind === 'object' && field.type!.atomic && !field.atomic;
  return {
    ...(kind === 'list' && !isItems ? { 'x-kubernetes-list-type': listType } : {}),
    ...(listKeys.length > 0 ? { 'x-kubernetes-list-map-keys': listKeys } : {}),
    ...(ownAtomic ? { 'x-kubernetes-map-type': 'atomic' } : ownGranular ? { 'x-kubernetes-map-type': 'granular' } : {}),
    ...(mergeKey ? { 'x-kubernetes-patch-merge-key': mergeKey } : {}),
    ...(patchStrategies.length > 0 ? { 'x-kubernetes-patch-strategy': patchStrategies.join(',') } : {}),
  };
}
