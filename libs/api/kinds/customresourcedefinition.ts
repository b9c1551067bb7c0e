import type { ResourceDefinition } from '../definition.ts';
import type {
  V1CustomResourceColumnDefinition,
  V1CustomResourceDefinition,
  V1CustomResourceDefinitionNames,
  V1CustomResourceDefinitionSpec,
  V1CustomResourceDefinitionVersion,
  V1CustomResourceSubresources,
  V1JSONSchemaProps,
} from '../gen/types.ts';
import { sameValue } from '../validation/equality.ts';
import { metadata } from '../validation/metadata.ts';
import { dns1035Label, dnsSubdomain } from '../validation/names.ts';
import { type UpdateRule, validations } from '../validation/object.ts';
import type { Report } from '../validation/report.ts';
import { alwaysOneOf, below, oneOf, type Rule, required } from '../validation/rule.ts';
import { clientConfig } from './admission/rules.ts';
import { plainColumns } from './cells.ts';
import { versionSchema } from './customresource/schema.ts';
import { dropZeros } from './customresource/zeros.ts';
import { emptyOf, ownStatus } from './strategy.ts';

const HTTPS_PORT = 443;
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const WARNING_BYTES_MAX = 256;
const SELECTABLE_TYPES = ['string', 'boolean', 'integer'];
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function group(name: string | undefined, at: Report) {
  if (!name) return at.required('', 'group');
  if (dnsSubdomain(name).length > 0) at.invalid('must be a DNS subdomain', 'group');
  else if (!name.includes('.')) at.invalid('must have two labels or more', 'group');
}

const NAMES = ['plural', 'singular', 'kind', 'listKind'] as const;

function names(given: V1CustomResourceDefinitionNames | undefined, at: Report): void {
  const all: Partial<V1CustomResourceDefinitionNames> = given ?? {};
  at.enter('names');
  for (const name of NAMES) if (!all[name]) at.required('', name);
  for (const name of NAMES) {
    const text = name === 'kind' || name === 'listKind' ? all[name]?.toLowerCase() : all[name];
    if (text && dns1035Label(text).length > 0) at.invalid('must be a DNS label', name);
  }
  all.shortNames?.forEach((name, i) => {
    if (dns1035Label(name).length > 0) at.invalid('must be a DNS label', 'shortNames', i);
  });
  if (all.kind && all.kind === all.listKind) at.invalid('must not be the kind', 'listKind');
  all.categories?.forEach((name, i) => {
    if (dns1035Label(name).length > 0) at.invalid('must be a DNS label', 'categories', i);
  });
  at.leave();
}

/** A path such as `.spec.replicas`, below one of some roots. */
function simplePath(path: string | undefined, roots: readonly string[], at: Report, step: string) {
  if (!path) return at.required('', step);
  if (!path.startsWith('.')) at.invalid("must start with '.'", step);
  else if (!roots.some((root) => path.startsWith(root))) at.invalid(`must be below ${roots.join(' or ')}`, step);
}

const subresources: Rule<V1CustomResourceSubresources> = ({ scale }, at) => {
  if (!scale) return;
  simplePath(scale.specReplicasPath, ['.spec.'], at, 'scale.specReplicasPath');
  simplePath(scale.statusReplicasPath, ['.status.'], at, 'scale.statusReplicasPath');
  if (scale.labelSelectorPath)
    simplePath(scale.labelSelectorPath, ['.spec.', '.status.'], at, 'scale.labelSelectorPath');
};

const columns: Rule<readonly V1CustomResourceColumnDefinition[]> = (list, at) => {
  list.forEach(({ name, type, format, jsonPath }, i) => {
    if (!name) at.required('', i, 'name');
    if (!type) at.required('', i, 'type');
    else if (!COLUMN_TYPES.includes(type)) at.invalid('is no type of columns', i, 'type');
    if (format && !COLUMN_FORMATS.includes(format)) at.invalid('is no format of columns', i, 'format');
    at.enter(i);
    simplePath(jsonPath, ['.'], at, 'JSONPath');
    at.leave();
  });
};

type Version = V1CustomResourceDefinitionVersion;

/** What versions can say each for themselves; where all say the same it counts as said once, of the whole. */
const PER_VERSION = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

function versionParts(spec: V1CustomResourceDefinitionSpec, shared: boolean, version: Version, at: Report): void {
  const same = (part: (typeof PER_VERSION)[number]) =>
    spec.versions.every((other) => sameValue(other[part], version[part]));
  const hasStatus = !!version.subresources?.status;
  if (same('schema') === shared) {
    at.enter(shared ? 'validation' : 'schema');
    versionSchema(version.schema?.openAPIV3Schema, hasStatus, at);
    at.leave();
  }
  if (same('subresources') === shared) below(at, 'subresources', version.subresources, subresources, undefined);
  if (same('additionalPrinterColumns') === shared) {
    below(at, 'additionalPrinterColumns', version.additionalPrinterColumns, columns, undefined);
  }
  if (same('selectableFields') === shared) selectable(version, at);
}

function deprecation({ deprecated, deprecationWarning: text }: Version, at: Report): void {
  if (text === undefined) return;
  if (!deprecated) at.invalid('only for deprecated versions', 'deprecationWarning');
  else if (text === '') at.invalid('must not be empty', 'deprecationWarning');
  else if (Buffer.byteLength(text) > WARNING_BYTES_MAX) at.invalid('is too long', 'deprecationWarning');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  else if (/[\u0000-\u001f\u007f]/.test(text)) at.invalid('must not have control characters', 'deprecationWarning');
}

/** The part of a schema at a path such as `.spec.color`; undefined where the path leads nowhere. */
function partAt(schema: V1JSONSchemaProps | undefined, path: string): V1JSONSchemaProps | undefined {
  if (!/^(?:\.[A-Za-z_][\w-]*)+$/.test(path)) return undefined;
  return path
    .slice(1)
    .split('.')
    .reduce<V1JSONSchemaProps | undefined>((part, name) => part?.properties?.[name], schema);
}

function selectable({ selectableFields, schema }: Version, at: Report): void {
  const seen = new Set<string>();
  selectableFields?.forEach(({ jsonPath = '' }, i) => {
    at.enter('selectableFields');
    const part = partAt(schema?.openAPIV3Schema, jsonPath);
    if (!jsonPath) at.required('', i, 'jsonPath');
    else if (jsonPath.startsWith('.metadata.')) at.invalid('must not be in the metadata', i, 'jsonPath');
    else if (!part) at.invalid('is no path of a field in the schema', i, 'jsonPath');
    else if (!SELECTABLE_TYPES.includes(part.type ?? '')) at.invalid('must be a single value', i, 'jsonPath');
    else if (seen.has(jsonPath)) at.duplicate(jsonPath, i, 'jsonPath');
    seen.add(jsonPath);
    at.leave();
  });
}

function versions(spec: V1CustomResourceDefinitionSpec, at: Report): void {
  const list = spec.versions ?? [];
  list.forEach((version, i) => {
    if (!version.schema?.openAPIV3Schema) at.required('', 'versions', i, 'schema', 'openAPIV3Schema');
  });
  list.forEach((version, i) => {
    if (dns1035Label(version.name ?? '').length > 0) at.invalid('must be a DNS label', 'versions', i, 'name');
    at.enter('versions');
    at.enter(i);
    deprecation(version, at);
    versionParts(spec, false, version, at);
    at.leave();
    at.leave();
  });
  if (new Set(list.map((version) => version.name)).size < list.length) at.invalid('names must be unique', 'versions');
  if (list.filter((version) => version.storage).length !== 1) at.invalid('exactly one version is stored', 'versions');
}

function conversion(spec: V1CustomResourceDefinitionSpec, at: Report): void {
  if (!spec.conversion) return;
  at.enter('conversion');
  below(at, 'strategy', spec.conversion.strategy, required(oneOf(['None', 'Webhook'])), undefined);
  const hook = spec.conversion.webhook;
  if (spec.conversion.strategy === 'Webhook') {
    if (!hook?.clientConfig) at.required('', 'webhookClientConfig');
    else clientConfig(hook.clientConfig, at, 'webhookClientConfig');
    const reviews = hook?.conversionReviewVersions ?? [];
    if (reviews.length === 0) at.required('', 'conversionReviewVersions');
    else if (!reviews.some((one) => REVIEW_VERSIONS.includes(one))) {
      at.invalid(`must have one of ${REVIEW_VERSIONS.join(', ')}`, 'conversionReviewVersions');
    }
  } else {
    if (hook?.clientConfig) at.forbidden('goes with Webhook only', 'webhookClientConfig');
    if (hook?.conversionReviewVersions?.length) at.forbidden('goes with Webhook only', 'conversionReviewVersions');
  }
  at.leave();
}

const scope = alwaysOneOf(['Cluster', 'Namespaced']);

function definitionSpec(spec: V1CustomResourceDefinitionSpec, at: Report): void {
  at.enter('spec');
  group(spec.group, at);
  if (!spec.scope) at.required('', 'scope');
  else below(at, 'scope', spec.scope, scope, undefined);
  if (spec.preserveUnknownFields) {
    at.invalid('must be false', 'preserveUnknownFields');
    at.invalid('must be false where schemas must be structural', 'preserveUnknownFields');
  }
  versions(spec, at);
  names(spec.names, at);
  // The first version is looked at once more, as the one version that definitions had in their first form.
  const first = spec.versions?.[0]?.name;
  if (first && dns1035Label(first).length > 0) at.invalid('must be a DNS label', 'version');
  if (spec.versions?.[0]) versionParts(spec, true, spec.versions[0], at);
  conversion(spec, at);
  at.leave();
}

function storedVersions({ spec, status }: V1CustomResourceDefinition, at: Report): void {
  const stored = status?.storedVersions ?? [];
  at.enter('status');
  at.enter('storedVersions');
  if (stored.length === 0) at.invalid('at least one version is stored');
  const unseen = new Set(stored);
  for (const { name = '', storage } of spec?.versions ?? []) {
    const isStored = unseen.delete(name);
    if (storage && !isStored) at.invalid(`must have ${name}`);
  }
  stored.forEach((name, i) => {
    if (unseen.has(name)) at.invalid('is gone from spec.versions', i);
  });
  at.leave();
  at.leave();
}

/** Once a definition is established, objects of its kind exist under its names. */
const namesStay: UpdateRule<V1CustomResourceDefinition> = (definition, previous, at) => {
  const established = previous.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True');
  const [now, old] = [definition.spec, previous.spec];
  if (now.group !== old.group) at.invalid('field is immutable', 'spec', 'group');
  if (now.names.plural !== old.names.plural) at.invalid('field is immutable', 'spec', 'names', 'plural');
  if (!established) return;
  if (now.scope !== old.scope) at.invalid('field is immutable', 'spec', 'scope');
  if (now.names.kind !== old.names.kind) at.invalid('field is immutable', 'spec', 'names', 'kind');
};

function storageVersion(spec: V1CustomResourceDefinitionSpec | undefined): string | undefined {
  const stored = spec?.versions?.find((version) => version.storage);
  return stored && (stored.name ?? '');
}

function setDefaults({ spec }: V1CustomResourceDefinition): void {
  if (!spec) return;
  const given = spec.names;
  if (given) {
    given.singular ||= (given.kind ?? '').toLowerCase();
    if (given.kind) given.listKind ||= `${given.kind}List`;
    if (!given.singular) delete given.singular;
  }
  for (const version of spec.versions ?? []) dropZeros(version?.schema?.openAPIV3Schema);
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= HTTPS_PORT;
}

const own = ownStatus<V1CustomResourceDefinition>('V1CustomResourceDefinitionStatus');

/** Rules of the name depend on the specification, hence the checks are put together for each object. */
function checksOf(definition: V1CustomResourceDefinition) {
  const expected = `${definition.spec?.names?.plural ?? ''}.${definition.spec?.group ?? ''}`;
  return validations<V1CustomResourceDefinition>({
    metadata: metadata({
      name: (name) => [...dnsSubdomain(name), ...(name === expected ? [] : [`must be ${expected}`])],
      namespaced: false,
      freeFinalizers: true,
    }),
    object(object, at) {
      definitionSpec(object.spec ?? ({} as V1CustomResourceDefinitionSpec), at);
      storedVersions(object, at);
    },
    after: namesStay,
    freeFinalizers: true,
    status: () => {},
  });
}

export const customresourcedefinitions: ResourceDefinition<V1CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  storageVersion: 'v1beta1',
  updateNeedsVersion: true,
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  type: 'V1CustomResourceDefinition',
  hasGeneration: true,
  ...own,
  setDefaults,
  prepareForCreate(draft) {
    const stored = storageVersion(draft.spec);
    const status = {
      ...emptyOf('V1CustomResourceDefinitionStatus'),
      storedVersions: stored === undefined ? null : [stored],
    };
    draft.status = status as unknown as V1CustomResourceDefinition['status'];
  },
  prepareForUpdate(draft, previous) {
    const stored = storageVersion(draft.spec);
    const before = previous.status?.storedVersions ?? [];
    const grown = stored !== undefined && !before.includes(stored) ? [...before, stored] : before;
    draft.status = { ...previous.status, storedVersions: grown };
  },
  validate: (definition) => checksOf(definition).validate!(definition),
  validateUpdate: (definition, previous) => checksOf(definition).validateUpdate!(definition, previous),
  validateStatusUpdate: (definition, previous) => checksOf(definition).validateStatusUpdate!(definition, previous),
  columns: plainColumns,
};
