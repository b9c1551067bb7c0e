import fc from 'fast-check';
import type { KubeObject } from '../api/meta.ts';
import { Document } from './document.ts';
import { takeOrigin, textsOf, writtenValue } from './stored-texts.ts';
import { storedValue } from './stored-value.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('],"name":"', '"metadata":{', '}}"'));
const owner = fc.record({
  manager: text,
  operation: fc.constantFrom('Apply', 'Update'),
  fieldsType: fc.constant('FieldsV1'),
  fieldsV1: fc.dictionary(text, fc.constant({})),
});
const objects = fc.record(
  {
    kind: fc.constantFrom('Pod', 'ConfigMap'),
    apiVersion: fc.constantFrom('v1', 'apps/v1'),
    metadata: fc.record(
      {
        name: text,
        labels: fc.dictionary(text, text),
        managedFields: fc.array(owner, { maxLength: 3 }),
        resourceVersion: fc.constant('1'),
      },
      { requiredKeys: ['name'] },
    ),
    spec: fc.jsonValue(),
    status: fc.option(fc.jsonValue(), { nil: undefined }),
  },
  { requiredKeys: ['kind', 'apiVersion', 'metadata'] },
);

describe('the texts of a stored value', () => {
  it('are those that were written, and the same when they are read from the bytes', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const value = storedValue(object as unknown as KubeObject);
        const first = textsOf(value);
        expect(takeOrigin(value)?.texts ?? first).toEqual(first);
        expect(takeOrigin(value)).toBeUndefined();
        const { form, owned, rest } = first;
        expect(Buffer.from(form.head + owned + rest, 'latin1').equals(value)).toBe(true);
        const { resourceVersion: _, ...metadata } = object.metadata;
        const kept = metadata.managedFields?.length === 0 ? { ...metadata, managedFields: undefined } : metadata;
        expect(JSON.parse(value.toString())).toEqual(JSON.parse(JSON.stringify({ ...object, metadata: kept })));
      }),
      { numRuns: 200 },
    );
  });

  it('go on from one state to the next, of which only metadata is new', () => {
    const spec = { text: '"},{' };
    const stored = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' }, spec } as KubeObject;
    let document = Document.ofValue(storedValue(stored), 1);
    for (let turn = 2; turn < 6; turn++) {
      const labels = { turn: String(turn) };
      const { object } = document;
      const next = { ...object, metadata: { ...object.metadata, labels } } as KubeObject;
      const value = storedValue(next, document);
      document = Document.ofValue(value, turn);
      expect(document.text).toBe(Document.ofValue(Buffer.from(value), turn).text);
      expect(document.object).toMatchObject({ metadata: { labels, resourceVersion: String(turn) }, spec });
    }
  });

  const sizes = [0, 100, 10_000, 40_000, 70_000];
  it.each(sizes)('stay what they are while others of %d bytes are written', (size) => {
    const values = Array.from({ length: 40 }, (_, at) =>
      writtenValue({ head: '{"metadata":{', owned: '', rest: `"name":"${at}"${'x'.repeat(size)}` }),
    );
    const written = values.map((_, at) => `{"metadata":{"name":"${at}"${'x'.repeat(size)}`);
    expect(values.map((value) => value.toString('latin1'))).toEqual(written);
  });
});
