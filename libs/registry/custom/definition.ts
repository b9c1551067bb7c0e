import type { FieldError, PrinterColumn, ResourceDefinition } from '../../api/definition.ts';
import type {
  V1CustomResourceColumnDefinition,
  V1CustomResourceDefinition,
  V1CustomResourceDefinitionVersion,
  V1JSONSchemaProps,
} from '../../api/gen/types.ts';
import { ageColumn, type Elapsed, nameColumn, since } from '../../api/kinds/cells.ts';
import type { KubeObject } from '../../api/meta.ts';
import { metadata, metadataChange } from '../../api/validation/metadata.ts';
import { dnsSubdomain } from '../../api/validation/names.ts';
import { Report } from '../../api/validation/report.ts';
import { worded } from '../../api/validation/wording.ts';
import { StatusError } from '../../base/status.ts';
import { setExpected } from '../expected-type.ts';
import { type ConversionCalls, conversionOf } from './conversion.ts';
import { jsonPath } from './json-path.ts';
import { ruleErrors } from './rule-errors.ts';
import { hasRules, type RuleNode, rulesOf } from './rules.ts';
import { hasDefaults, lacksDefaults, setSchemaDefaults, structuralType } from './structural.ts';
import { schemaErrors } from './validate.ts';

/** Errors after which rules across fields are not looked at any more. */
const blocking = new Set<FieldError['reason']>([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const unchecked: FieldError = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message: 'some validation rules were not checked because the object was invalid',
};

type WithStatus = KubeObject & { status?: unknown };

/** The resources that a definition asks for: one for each version that is served. */
export function customResources(crd: V1CustomResourceDefinition, calls?: ConversionCalls): ResourceDefinition[] {
  return crd.spec.versions.filter((version) => version.served).map((version) => resourceOf(crd, version, calls));
}

function resourceOf(
  crd: V1CustomResourceDefinition,
  version: V1CustomResourceDefinitionVersion,
  calls: ConversionCalls | undefined,
): ResourceDefinition {
  const { group, names, scope } = crd.spec;
  const namespaced = scope === 'Namespaced';
  const root = version.schema?.openAPIV3Schema ?? {};
  const type = `${group}.${version.name}.${names.kind}`;
  const scale = version.subresources?.scale;
  const definition: ResourceDefinition = {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames,
    categories: names.categories,
    namespaced,
    type,
    customSchema: root,
    hasGeneration: true,
    hasStatus: version.subresources?.status !== undefined,
    scale: scale && {
      specReplicasPath: scale.specReplicasPath,
      statusReplicasPath: scale.statusReplicasPath,
      selectorPath: scale.labelSelectorPath,
    },
    columns: version.additionalPrinterColumns?.length
      ? [nameColumn, ...version.additionalPrinterColumns.map(columnOf)]
      : [nameColumn, { ...ageColumn, type: 'date' }],
    selectableFields: selectable(version),
    deprecation: version.deprecated ? (version.deprecationWarning ?? deprecationOf(crd, version)) : undefined,
    ...strategyOf(crd, version),
    ...(version.storage ? {} : { storedAs: storedAs(crd, version.name) }),
    conversion: conversionOf(crd, calls),
    ...(hasDefaults(root) ? { complete: (object: KubeObject) => completed(object, root) } : {}),
  };
  const gvk = { group, version: version.name, kind: names.kind };
  setExpected(definition, { type: structuralType(type, root), gvk });
  return definition;
}

/** The object with the defaults that its schema has now. */
function completed(object: KubeObject, root: V1JSONSchemaProps): KubeObject {
  if (!lacksDefaults(object, root)) return object;
  const draft = JSON.parse(JSON.stringify(object)) as KubeObject;
  setSchemaDefaults(draft, root);
  return draft;
}

function deprecationOf({ spec }: V1CustomResourceDefinition, { name }: V1CustomResourceDefinitionVersion): string {
  return `${spec.group}/${name} ${spec.names.kind} is deprecated`;
}

/** Nobody can have fewer replicas than none. */
function scaleCheck({ subresources }: V1CustomResourceDefinitionVersion): (object: KubeObject) => FieldError[] {
  const { scale } = subresources ?? {};
  const counts = (scale ? [scale.specReplicasPath, scale.statusReplicasPath] : []).map((path) => ({
    path,
    find: jsonPath(path),
  }));
  return (object) =>
    counts.flatMap(({ path, find }) => {
      const replicas = find(object);
      if (typeof replicas !== 'number' || replicas >= 0) return [];
      return [{ field: path, reason: 'FieldValueInvalid' as const, message: 'should be a non-negative integer' }];
    });
}

/** Nothing new of a kind that is going away. */
function refuseWhileTerminating({ metadata }: V1CustomResourceDefinition): void {
  if (metadata?.deletionTimestamp === undefined) return;
  throw new StatusError('MethodNotAllowed', 'create not allowed while custom resource definition is terminating');
}

function strategyOf(crd: V1CustomResourceDefinition, version: V1CustomResourceDefinitionVersion) {
  const root = version.schema?.openAPIV3Schema ?? {};
  const namespaced = crd.spec.scope === 'Namespaced';
  const ofMetadata = metadata({ name: dnsSubdomain, namespaced, freeFinalizers: true });
  const withRules = hasRules(root);
  const scaleErrors = scaleCheck(version);
  let compiled: RuleNode | undefined;
  const tolerated = new WeakMap<KubeObject, readonly FieldError[]>();
  const errorsOf = (object: KubeObject, previous?: KubeObject): FieldError[] => {
    const report = new Report();
    if (previous) metadataChange(object, previous, report);
    else {
      report.enter('metadata');
      ofMetadata(object.metadata ?? {}, report, undefined);
      report.leave();
    }
    const found = [...report.errors, ...schemaErrors(object, root, previous), ...scaleErrors(object)];
    if (!withRules) return found;
    if (found.some(({ reason }) => blocking.has(reason))) return [...found, unchecked];
    compiled ??= rulesOf(root);
    if (!compiled) return found;
    const { errors, tolerated: lasting } = ruleErrors(compiled, object, previous);
    if (lasting.length > 0) tolerated.set(object, lasting);
    return [...found, ...errors];
  };
  return {
    setDefaults: (draft: KubeObject) => setSchemaDefaults(draft, root),
    prepareForCreate(draft: KubeObject) {
      refuseWhileTerminating(crd);
      if (version.subresources?.status) (draft as WithStatus).status = undefined;
    },
    validate: (object: KubeObject) => errorsOf(object),
    validateUpdate: errorsOf,
    validateStatusUpdate: errorsOf,
    warnings: (object: KubeObject) => {
      const lasting = worded(tolerated.get(object) ?? [], object);
      return lasting.map(({ field, message }) => `${field}: ${message}`);
    },
  };
}

/** Versions without conversion differ in their names only. */
function storedAs(crd: V1CustomResourceDefinition, version: string): ResourceDefinition['storedAs'] {
  const { group, names, scope, versions } = crd.spec;
  const stored = versions.find((one) => one.storage)?.name ?? version;
  const resource = {
    group,
    version: stored,
    kind: names.kind,
    plural: names.plural,
    namespaced: scope === 'Namespaced',
  };
  return {
    resource,
    toStored: (object) => ({ ...object, apiVersion: `${group}/${stored}` }),
    fromStored: (object) => ({ ...object, apiVersion: `${group}/${version}` }),
  };
}

function columnOf(column: V1CustomResourceColumnDefinition): PrinterColumn {
  const type = column.type as PrinterColumn['type'];
  const find = jsonPath(column.jsonPath);
  return {
    name: column.name,
    type,
    format: column.format,
    description: column.description || `Custom resource definition column: ${column.jsonPath}`,
    priority: column.priority,
    cell: (object) => cellOf(find(object), type),
  };
}

/** A value in a column of a type that it does not have is not shown; everything can be shown as text. */
function cellOf(value: unknown, type: PrinterColumn['type']): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (type === 'date') return typeof value === 'string' ? age(value) : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (typeof value !== 'number') return null;
  return type === 'integer' ? Math.trunc(value) : value;
}

function age(time: string): Elapsed | string {
  return Number.isNaN(Date.parse(time)) ? '<invalid>' : since(time);
}

function selectable(version: V1CustomResourceDefinitionVersion): ResourceDefinition['selectableFields'] {
  const fields = version.selectableFields ?? [];
  return Object.fromEntries(
    fields.map((field) => {
      const find = jsonPath(field.jsonPath);
      return [field.jsonPath.replace(/^\./, ''), (object: KubeObject) => String(find(object) ?? '')];
    }),
  );
}
