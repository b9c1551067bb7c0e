import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadDescriptions } from './descriptions.ts';
import { schema } from './schema.ts';
import type { FieldSchema, ValueSchema } from './types.ts';

/** The table of types and fields that Kubernetes v1.36 serves: one row a field, tab-separated, with a heading. */
function servedRows() {
  const text = gunzipSync(readFileSync(join(import.meta.dirname, 'served-v1.36.tsv.gz'))).toString();
  return text
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map((line) => {
      const [type = '', field = '', fieldType = '', format = '', required = '', merge = '', keys = '', ...patch] =
        line.split('\t');
      return {
        type,
        field,
        fieldType,
        format,
        required,
        merge,
        keys,
        strategy: patch[0] ?? '',
        mergeKey: patch[1] ?? '',
      };
    });
}

/** Types that stand in the table but are scalars or free JSON in objects. */
const notStructures = new Set([
  'api.resource.Quantity',
  'apis.meta.v1.FieldsV1',
  'apis.meta.v1.MicroTime',
  'apis.meta.v1.Patch',
  'apis.meta.v1.Time',
  'apiextensions.v1.CustomResourceSubresourceStatus',
  'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaPropsOrArray',
  'apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaPropsOrStringArray',
  'apiserverinternal.v1alpha1.StorageVersionSpec',
  'runtime.RawExtension',
  'scheduling.v1alpha2.BasicSchedulingPolicy',
  'util.intstr.IntOrString',
]);

/** Types that are free JSON here, or objects without fields of their own. */
const freeTypes = [
  'object',
  'runtime.RawExtension',
  'apiextensions.v1.JSON.*',
  'apis.meta.v1.(FieldsV1|Patch)',
  '.*.(StorageVersionSpec|BasicSchedulingPolicy|CustomResourceSubresourceStatus)',
];
const anyTypes = new RegExp(`^(${freeTypes.join('|').replaceAll('.v1.', '\\.v1\\.')})$`);

/** The type as the table writes it. */
function shown(value: ValueSchema): string {
  if (value.kind === 'list') return `[]${shown(value.element!)}`;
  if (value.kind === 'map') return `map:${shown(value.element!)}`;
  if (value.kind === 'object') return value.type!.definition.replace(/^.*?\.(?=[a-z]+\.(meta\.)?v\d)/, '');
  return (
    {
      int32: 'integer',
      int64: 'integer',
      double: 'number',
      time: 'apis.meta.v1.Time',
      'micro-time': 'apis.meta.v1.MicroTime',
      byte: 'string',
      quantity: 'api.resource.Quantity',
      'int-or-string': 'util.intstr.IntOrString',
      string: 'string',
      boolean: 'boolean',
      any: 'any',
    } as const
  )[value.format];
}

const innermost = (value: ValueSchema): ValueSchema => (value.element ? innermost(value.element) : value);

function facts(field: FieldSchema) {
  return {
    required: field.required ? 'required' : '',
    keys: field.listKeys.join(','),
    strategy: field.patchStrategies.join(','),
    mergeKey: field.mergeKey ?? '',
  };
}

const byDefinition = new Map(
  schema
    .names()
    .map((name) => [
      schema.type(name).definition.replace(/^io\.k8s\.(api|.*pkg(\.apis(?=\.apiext|\.apireg|\.metr))?)\./, ''),
      name,
    ]),
);

describe('schema', () => {
  const rows = servedRows().filter((row) => !notStructures.has(row.type) && row.field !== '');

  test('covers the whole of what Kubernetes serves', () => {
    expect(rows.length).toBeGreaterThan(3000);
    expect(rows.filter((row) => !byDefinition.has(row.type)).map((row) => row.type)).toEqual([]);
  });

  test('has each field with its type, format, merge rules and patch strategy', () => {
    const wrong: unknown[] = [];
    for (const row of rows) {
      const type = schema.type(byDefinition.get(row.type)!);
      if (row.field === '(self)') {
        if (type.atomic !== (row.merge === 'atomic')) wrong.push([row.type, 'atomic']);
        continue;
      }
      const field = type.fields.get(row.field);
      if (!field) {
        wrong.push([row.type, row.field, 'missing']);
        continue;
      }
      const { required, keys, strategy, mergeKey } = row;
      const differs =
        JSON.stringify(facts(field)) !== JSON.stringify({ required, keys, strategy, mergeKey }) ||
        (row.merge === 'granular' && field.atomic) ||
        (row.merge === 'atomic' && field.kind !== 'list' && !field.atomic) ||
        (field.kind === 'list' && field.listType !== (row.merge || 'atomic'));
      if (differs) wrong.push([row, facts(field), field.listType]);
      const format = innermost(field).format;
      if (row.format !== '' && row.format !== format) wrong.push([row, format]);
      const type2 = shown(field);
      if (
        type2 !== row.fieldType &&
        !(type2.endsWith('any') && anyTypes.test(row.fieldType.replace(/^(\[\]|map:)/, '')))
      )
        wrong.push([row.type, row.field, row.fieldType, type2]);
    }
    expect(wrong).toEqual([]);
  });

  test('has no field that Kubernetes does not serve', () => {
    const served = new Set(rows.map((row) => `${row.type}/${row.field}`));
    const own = [...byDefinition]
      .filter(([definition]) => !definition.startsWith('metrics.'))
      .flatMap(([definition, name]) => [...schema.type(name).fields.keys()].map((field) => `${definition}/${field}`));
    expect(own.filter((field) => !served.has(field))).toEqual([]);
  });

  test('finds types by kind and by definition', () => {
    expect(schema.typeOfKind({ group: '', version: 'v1', kind: 'Event' })?.name).toBe('CoreV1Event');
    expect(schema.typeOfKind({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role' })?.name).toBe('V1Role');
    expect(schema.typeOfKind({ group: 'apps', version: 'v2', kind: 'Deployment' })).toBeUndefined();
    expect(schema.typeOfDefinition('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')?.name).toBe('V1ObjectMeta');
    expect(schema.typeOfDefinition('io.k8s.api.core.v1.Nothing')).toBeUndefined();
    expect(schema.kindOfType('V1Deployment')).toEqual({ group: 'apps', version: 'v1', kind: 'Deployment' });
    expect(schema.kindOfType('V1PodList')).toEqual({ group: '', version: 'v1', kind: 'PodList' });
    expect(schema.kindOfType('V1PodSpec')).toBeUndefined();
    expect(schema.kindOfType('V1ObjectReference')).toBeUndefined();
    expect(schema.kindOfType('V1ParamKind')).toBeUndefined();
  });

  test('knows what a zero value looks like in JSON', () => {
    const zero = (type: string, field: string) => schema.type(type).fields.get(field)?.zero;
    expect(zero('V1Container', 'resources')).toBe('always');
    expect(zero('V1Container', 'image')).toBe('dropped');
    expect(zero('V1DeploymentSpec', 'replicas')).toBe('kept');
    expect(zero('V1ResourceFieldSelector', 'divisor')).toBe('always');
  });

  test('carries the descriptions', async () => {
    const describe = await loadDescriptions();
    expect(describe('V1Pod').text).toMatch(/Pod/);
    expect(describe('V1PodSpec').fields.get('containers')).toMatch(/container/i);
  });
});
