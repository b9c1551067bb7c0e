import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../../test/support/registry.ts';
import { until } from '../../../test/support/until.ts';
import { conformObject } from '../../api/decode/decode.ts';
import type { V1CustomResourceDefinition } from '../../api/gen/types.ts';
import { cellAt } from '../../api/kinds/cells.ts';
import type { KubeObject } from '../../api/meta.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { StatusError } from '../../base/status.ts';
import { expectedOf } from '../expected-type.ts';
import { customResources } from './definition.ts';
import { CustomResources } from './serve.ts';

const crdPath = 'apiextensions.k8s.io/v1/customresourcedefinitions';
const widgetPath = 'example.org/v1/widgets';

const properties = {
  size: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
  color: { type: 'string', enum: ['red', 'blue'] },
  name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
  when: { type: 'string', format: 'date-time' },
  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  tags: { type: 'array', maxItems: 2, items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
};

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    conversion: { strategy: 'None' },
    versions: ['v1', 'v2'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', required: ['color'], properties }, status: { type: 'object' } },
        },
      },
      subresources: { status: {} },
    })),
  },
};

describe('custom kinds', () => {
  let scratch: ScratchRegistry;
  let custom: CustomResources;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
    custom = new CustomResources({
      registry: scratch.registry,
      clock: systemClock,
      logger: silentLogger,
      stopping: new AbortController().signal,
    });
    custom.start();
    await scratch.service(crdPath).create({}, bodyOf(definition), asks());
  });

  afterEach(() => scratch.close());

  function create(name: string, spec: object) {
    const served = scratch.registry.resource('example.org', 'v1', 'widgets')!;
    const object = { apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name }, spec };
    const body = conformObject(JSON.parse(JSON.stringify(object)), expectedOf(served.definition));
    return served.service.create({ namespace: 'x' }, body, asks());
  }

  it('are pruned and get their defaults', async () => {
    const { object } = await create('a', { color: 'red', unknown: 1, free: { kept: { deep: 1 } } });
    expect(object).toMatchObject({ spec: { color: 'red', size: 3, free: { kept: { deep: 1 } } } });
    expect((object as unknown as { spec: object }).spec).not.toHaveProperty('unknown');
  });

  const refusals: Array<{ spec: object; field: string; reason: string }> = [
    { spec: {}, field: 'spec.color', reason: 'FieldValueRequired' },
    { spec: { color: 'green' }, field: 'spec.color', reason: 'FieldValueNotSupported' },
    { spec: { color: 'red', size: 11 }, field: 'spec.size', reason: 'FieldValueInvalid' },
    { spec: { color: 'red', size: 'x' }, field: 'spec.size', reason: 'FieldValueTypeInvalid' },
    { spec: { color: 'red', name: 'UP' }, field: 'spec.name', reason: 'FieldValueInvalid' },
    { spec: { color: 'red', name: 'toolong' }, field: 'spec.name', reason: 'FieldValueTooLong' },
    { spec: { color: 'red', when: 'noon' }, field: 'spec.when', reason: 'FieldValueTypeInvalid' },
    { spec: { color: 'red', tags: ['a', 'b', 'c'] }, field: 'spec.tags', reason: 'FieldValueTooMany' },
    { spec: { color: 'red', tags: ['a', 'a'] }, field: 'spec.tags[1]', reason: 'FieldValueDuplicate' },
  ];
  it.each(refusals)('are refused with $reason for $spec', async ({ spec, field, reason }) => {
    await expect(create('a', spec)).rejects.toMatchObject({ details: { causes: [{ field, reason }] } });
  });

  it('say that they are established, and answer in each version', async () => {
    await create('a', { color: 'red' });
    const other = await scratch.service('example.org/v2/widgets').get({ namespace: 'x', name: 'a' });
    expect(other.object.apiVersion).toBe('example.org/v2');
    await custom.settled();
    const crd = await scratch.service(crdPath).get({ name: 'widgets.example.org' });
    const { status } = crd.object as V1CustomResourceDefinition;
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['NamesAccepted', 'Established']);
  });

  it('are served, and gone, when the one who asked for it hears of it', async () => {
    const user = { name: 'bob', groups: [] };
    const service = scratch.service(crdPath);
    const metadata = { name: 'widgets.other.org' };
    await service.create(
      {},
      bodyOf({ ...definition, metadata, spec: { ...definition.spec, group: 'other.org' } }),
      asks({ user }),
    );
    const { status } = (await service.get(metadata)).object as V1CustomResourceDefinition;
    expect(status?.conditions).toMatchObject([{ type: 'NamesAccepted' }, { type: 'Established', status: 'True' }]);
    await service.delete(metadata, { ...deletes(), user });
    await expect(service.get(metadata)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('go with their definition', async () => {
    await create('a', { color: 'red' });
    await scratch.service(crdPath).delete({ name: 'widgets.example.org' }, deletes());
    await custom.settled();
    expect(() => scratch.service(widgetPath)).toThrow('not served');
    expect(scratch.mirror.collection('example.org', 'widgets').size).toBe(0);
    expect(scratch.mirror.collection('apiextensions.k8s.io', 'customresourcedefinitions').size).toBe(0);
  });

  it('keep their definition until the last of them has gone', async () => {
    const finalizers = ['example.org/held'];
    const object = {
      apiVersion: 'example.org/v1',
      kind: 'Widget',
      metadata: { name: 'a', finalizers },
      spec: { color: 'red' },
    };
    await scratch.service(widgetPath).create({ namespace: 'x' }, bodyOf(object), asks());
    await scratch.service(crdPath).delete({ name: 'widgets.example.org' }, deletes());
    await custom.settled();
    const crd = (await scratch.service(crdPath).get({ name: 'widgets.example.org' }))
      .object as V1CustomResourceDefinition;
    expect(crd.metadata?.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    expect(crd.status?.conditions?.at(-1)).toMatchObject({ type: 'Terminating', reason: 'InstanceDeletionInProgress' });
    await expect(create('b', { color: 'red' })).rejects.toMatchObject({ code: 405 });
    const patch = {
      ...asks(),
      type: 'merge' as const,
      body: { metadata: { finalizers: [] } },
      complaints: [],
      force: false,
    };
    await scratch.service(widgetPath).patch({ namespace: 'x', name: 'a' }, patch);
    await until(() => scratch.mirror.collection('apiextensions.k8s.io', 'customresourcedefinitions').size === 0);
    expect(() => scratch.service(widgetPath)).toThrow('not served');
  });

  it('let their definition go although the store is away when the last of them goes', async () => {
    await create('a', { color: 'red' });
    const widgets = scratch.service(widgetPath);
    const hold = { ...asks(), type: 'merge' as const, complaints: [], force: false };
    await widgets.patch({ namespace: 'x', name: 'a' }, { ...hold, body: { metadata: { finalizers: ['a.b/held'] } } });
    await scratch.service(crdPath).delete({ name: 'widgets.example.org' }, deletes());
    await custom.settled();
    const service = scratch.service(crdPath);
    const { patch } = service;
    let refused = 0;
    service.patch = (at, request) => {
      if (++refused > 2) return patch(at, request);
      return Promise.reject(new StatusError('ServiceUnavailable', 'the store is away'));
    };
    await widgets.patch({ namespace: 'x', name: 'a' }, { ...hold, body: { metadata: { finalizers: [] } } });
    await until(() => scratch.mirror.collection('apiextensions.k8s.io', 'customresourcedefinitions').size === 0);
    expect(refused).toBeGreaterThan(2);
  });

  it('take finalizers of any name', async () => {
    const metadata = { name: 'a', finalizers: ['plain', 'example.org/own'] };
    const object = { apiVersion: 'example.org/v1', kind: 'Widget', metadata, spec: { color: 'red' } };
    const made = await scratch.service(widgetPath).create({ namespace: 'x' }, bodyOf(object), asks());
    expect(made.object.metadata?.finalizers).toEqual(metadata.finalizers);
  });

  it('wait for names that others have', async () => {
    const names = { ...definition.spec.names, plural: 'gadgets', singular: 'gadget', listKind: 'GadgetList' };
    const other = { ...definition, metadata: { name: 'gadgets.example.org' }, spec: { ...definition.spec, names } };
    await custom.settled();
    await scratch.service(crdPath).create({}, bodyOf(other), asks());
    await custom.settled();
    const conditions = async () => {
      const { object } = await scratch.service(crdPath).get({ name: 'gadgets.example.org' });
      return (object as V1CustomResourceDefinition).status?.conditions?.map(
        ({ reason, message }) => `${reason}: ${message}`,
      );
    };
    expect(await conditions()).toEqual([
      'KindConflict: "Widget" is already in use',
      'NotAccepted: not all names are accepted',
    ]);
    expect(() => scratch.service('example.org/v1/gadgets')).toThrow('not served');
    await scratch.service(crdPath).delete({ name: 'widgets.example.org' }, deletes());
    await custom.settled();
    expect((await conditions())?.[0]).toBe('NoConflicts: no conflicts found');
    expect(scratch.service('example.org/v1/gadgets')).toBeDefined();
  });

  it('are shown with defaults that came after them', async () => {
    await create('a', { color: 'red' });
    const later = JSON.parse(JSON.stringify(definition)) as typeof definition;
    for (const version of later.spec.versions) {
      Object.assign(version.schema.openAPIV3Schema.properties.spec.properties, {
        age: { type: 'integer', default: 7 },
      });
    }
    const { object } = await scratch.service(crdPath).get({ name: 'widgets.example.org' });
    await scratch
      .service(crdPath)
      .update({ name: 'widgets.example.org' }, bodyOf({ ...object, spec: later.spec }), asks());
    await custom.settled();
    const shown = await scratch.service(widgetPath).get({ namespace: 'x', name: 'a' });
    expect(shown.object).toMatchObject({ spec: { color: 'red', age: 7 } });
  });

  it('may be stricter than what stands', async () => {
    await create('a', { color: 'red', size: 9 });
    const stricter = JSON.parse(JSON.stringify(definition)) as typeof definition;
    for (const version of stricter.spec.versions) {
      version.schema.openAPIV3Schema.properties.spec.properties.size.maximum = 5;
    }
    const { object } = await scratch.service(crdPath).get({ name: 'widgets.example.org' });
    await scratch
      .service(crdPath)
      .update({ name: 'widgets.example.org' }, bodyOf({ ...object, spec: stricter.spec }), asks());
    await custom.settled();
    const change = (spec: object) => {
      const patch = { ...asks(), type: 'merge' as const, body: { spec }, complaints: [], force: false };
      return scratch.service(widgetPath).patch({ namespace: 'x', name: 'a' }, patch);
    };
    await expect(change({ color: 'blue' })).resolves.toBeDefined();
    await expect(change({ size: 8 })).rejects.toMatchObject({ reason: 'Invalid' });
  });
});

describe('a custom kind that scales', () => {
  const [version] = definition.spec.versions;
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = [{ ...version!, schema, subresources: { scale } }];
  const [resource] = customResources({ ...definition, spec: { ...definition.spec, versions } });

  it.each<[string, object, string[]]>([
    ['some', { spec: { replicas: 2 }, status: { replicas: 1 } }, []],
    ['none', { spec: { replicas: 0 } }, []],
    ['fewer than none wanted', { spec: { replicas: -1 } }, ['.spec.replicas']],
    ['fewer than none there', { spec: { replicas: 1 }, status: { replicas: -1 } }, ['.status.replicas']],
  ])('with %s: refused are %j %j', (_, fields, refused) => {
    const object = { kind: 'Widget', metadata: { name: 'a', namespace: 'x' }, ...fields } as KubeObject;
    expect(resource?.validate?.(object).map(({ field }) => field)).toEqual(refused);
  });
});

describe('a column of a custom kind', () => {
  const nowMs = Date.UTC(2026, 0, 1, 1);
  const cases: Array<[type: string, value: unknown, cell: unknown]> = [
    ['string', 'a', 'a'],
    ['string', 3, '3'],
    ['string', ['a'], '["a"]'],
    ['string', undefined, null],
    ['integer', 3.9, 3],
    ['integer', '3', null],
    ['number', 3.9, 3.9],
    ['boolean', true, true],
    ['boolean', 'true', null],
    ['date', '2026-01-01T00:00:00Z', '60m'],
    ['date', 'noon', '<invalid>'],
    ['date', 5, null],
  ];
  it.each(cases)('of type %s shows %j as %j', (type, value, cell) => {
    const [version] = definition.spec.versions;
    const jsonPath = '.status.list[?(@.k == "a")].value';
    const versions = [{ ...version!, additionalPrinterColumns: [{ name: 'C', type, jsonPath }] }];
    const [resource] = customResources({ ...definition, spec: { ...definition.spec, versions } });
    const object = { kind: 'Widget', status: { list: [{ k: 'b' }, { k: 'a', value }] } };
    expect(cellAt(resource!.columns![1]!, object as unknown as KubeObject, nowMs)).toEqual(cell);
  });
});
