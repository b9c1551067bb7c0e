import type { KubeObject } from '../api/meta.ts';
import { Document } from './document.ts';
import { storedValue } from './stored-value.ts';

const object = {
  apiVersion: 'v1',
  data: { note: '"metadata":{' },
  kind: 'ConfigMap',
  metadata: { name: 'x', resourceVersion: '3' },
};

describe('Document', () => {
  it('stores kind, apiVersion and metadata first, without resourceVersion', () => {
    expect(String(storedValue(object))).toBe(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"note":"\\"metadata\\":{"}}',
    );
  });

  it('splices the revision in', () => {
    const document = Document.ofValue(storedValue(object), 42);
    expect(document.object).toEqual({ ...object, metadata: { name: 'x', resourceVersion: '42' } });
    expect(document.object).toBe(document.object);
  });

  it('lets go of what can be parsed again, and of nothing else', () => {
    const stored = Document.ofValue(storedValue(object), 42);
    const before = stored.object;
    stored.unparse();
    expect(stored.object).toEqual(before);
    expect(stored.object).not.toBe(before);
    const made = Document.ofObject(object, 42);
    made.unparse();
    expect(made.object).toBe(object);
  });

  it('shows the same state under another revision', () => {
    const document = Document.ofValue(storedValue(object), 42).at(1234);
    expect(document.object.metadata?.resourceVersion).toBe('1234');
    expect(document.revision).toBe(1234);
  });

  it('shares what is parsed already with the state under another revision, but for the version', () => {
    const managedFields = [{ manager: 'm', fieldsV1: { 'f:data': {} } }];
    const value = storedValue({
      ...object,
      metadata: { ...object.metadata, managedFields, labels: { a: 'b' } },
    } as KubeObject);
    const stored = Document.ofValue(value, 42);
    const before = stored.object as typeof object;
    const shown = stored.at(50).object as typeof object;
    expect(shown).toEqual(Document.ofValue(value, 50).object);
    expect(shown.data).toBe(before.data);
    expect(before.metadata.resourceVersion).toBe('42');
  });

  it('tells without parsing which members it cannot have', () => {
    const document = Document.ofValue(storedValue(object), 42);
    expect(['data', 'note', 'name'].map((member) => document.mayHave(member))).toEqual([true, true, true]);
    expect(document.mayHave('nodeName')).toBe(false);
    expect(Document.ofObject(object).mayHave('nodeName')).toBe(true);
  });

  it('reads the labels alone', () => {
    const labels = { a: 'ü', b: '}]' };
    const spec = { template: { metadata: { labels: { other: 'x' } } } };
    const labelled = {
      ...object,
      metadata: { ...object.metadata, labels, annotations: { labels: '{"a":"b"}' } },
      spec,
    };
    expect(Document.ofValue(storedValue(labelled), 1).labels).toEqual(labels);
    expect(Document.ofObject(labelled).labels).toEqual(labels);
    expect(Document.ofValue(storedValue({ ...object, spec } as typeof object), 1).labels).toEqual({});
  });

  it('gives list items without kind and apiVersion', () => {
    const document = Document.ofValue(storedValue(object), 42);
    expect(JSON.parse(`{${document.itemTexts.join('')}`)).toEqual({
      metadata: { name: 'x', resourceVersion: '42' },
      data: object.data,
    });
  });
});

describe('the record of field ownership', () => {
  const fieldsV1 = { 'f:metadata': { 'f:labels': { '.': {}, 'f:],"name":"': {} } } };
  const entry = { manager: '"fieldsV1":{', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
  const managedFields = [entry, { ...entry, manager: 'é', subresource: 'status' }];
  const owned = { ...object, metadata: { name: 'x', managedFields, labels: { a: 'ü' } } };
  const document = () => Document.ofValue(storedValue(owned), 7);
  const shown = { ...owned, metadata: { ...owned.metadata, resourceVersion: '7' } };

  it('stands in the bytes like everything else', () => {
    expect(JSON.parse(document().bytes.toString())).toEqual(shown);
  });

  it('is part of the bytes of metadata', () => {
    expect(JSON.parse(Buffer.from(document().metadataTexts.join(''), 'latin1').toString())).toEqual(shown.metadata);
    expect(JSON.parse(Document.ofObject(object).metadataTexts.join(''))).toEqual(object.metadata);
    expect(JSON.parse(Document.ofValue(storedValue(object), 42).metadataTexts.join(''))).toEqual({
      name: 'x',
      resourceVersion: '42',
    });
  });

  it('is read from them when it is asked for', () => {
    expect(document().object).toEqual(shown);
    expect(JSON.parse(JSON.stringify(document().object))).toEqual(shown);
    expect({ ...document().object.metadata }).toEqual(shown.metadata);
  });

  it('is there in a private copy, too', () => {
    const copy = document().copy();
    copy.metadata!.labels!.a = 'b';
    expect(copy.metadata?.managedFields).toEqual(managedFields);
    expect(document().object.metadata?.labels).toEqual({ a: 'ü' });
  });

  it('may stand elsewhere in values that an older program wrote', () => {
    const { kind, apiVersion, ...rest } = owned;
    const value = Buffer.from(JSON.stringify({ kind, apiVersion, ...rest }));
    expect(Document.ofValue(value, 7).object).toEqual(shown);
    expect(Document.ofValue(value, 7).copy()).toEqual(shown);
  });

  it('is shared by all objects that have the same', () => {
    const [one, other] = [document().object, document().copy()];
    expect(one.metadata?.managedFields?.[0]?.fieldsV1).toBe(other.metadata?.managedFields?.[0]?.fieldsV1);
  });
});

describe('the stored value of a next state', () => {
  const stored = (more: object = {}) => ({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'a', labels: { text: '"},{' }, managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': {} } }] },
    spec: { nodeName: 'n', text: '}}"' },
    status: { phase: 'Running' },
    ...more,
  });
  type Sections = KubeObject & Record<string, unknown>;
  const cases: Array<{ name: string; before: object; next(object: Sections): object; spliced: boolean }> = [
    { name: 'whose metadata alone is new', before: stored(), next: (object) => ({ ...object }), spliced: true },
    { name: 'without sections', before: { metadata: { name: 'a' } }, next: (object) => object, spliced: true },
    { name: 'whose status is new', before: stored(), next: (object) => ({ ...object, status: {} }), spliced: false },
    { name: 'that lost its status', before: stored(), next: ({ status: _, ...object }) => object, spliced: false },
    { name: 'that has one section more', before: stored(), next: (object) => ({ ...object, x: 1 }), spliced: false },
    {
      name: 'whose sections changed places',
      before: stored(),
      next: ({ spec, ...object }) => ({ ...object, spec }),
      spliced: false,
    },
    {
      name: 'with other letters than ASCII',
      before: stored({ spec: { nodeName: '\u00fc' } }),
      next: (object) => object,
      spliced: false,
    },
  ];
  it.each(cases)('$name is the same whether its bytes are looked for in the last ones or not', (one) => {
    const previous = Document.ofValue(storedValue(one.before as KubeObject), 7);
    const next = one.next(previous.object as Sections) as Sections;
    next.metadata = { ...next.metadata, labels: { new: '\u00e4' } };
    const { kind: _1, apiVersion: _2, metadata: _3, ...sections } = next;
    expect(previous.textBehindMetadata(sections) !== undefined).toBe(one.spliced);
    expect(storedValue(next, previous).toString()).toBe(storedValue(next).toString());
  });
});
