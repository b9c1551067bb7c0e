import fc from 'fast-check';
import type { KubeObject } from '../api/meta.ts';
import { Document } from './document.ts';
import { storedValue } from './stored-value.ts';
import { survivesJson } from './written-object.ts';

const strange = fc.constantFrom<unknown>(
  undefined,
  Number.NaN,
  -0,
  Number.POSITIVE_INFINITY,
  new Date(0),
  new Map(),
  Symbol('x'),
  () => 1,
  { toJSON: () => 'other' },
  Object.create(null),
  new Array(2),
  [undefined],
  Object.create({ inherited: 1 }),
);
const { tree: values } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    { arbitrary: fc.jsonValue(), weight: 12 },
    { arbitrary: strange, weight: 1 },
    { arbitrary: fc.array(tie('tree'), { maxLength: 3 }), weight: 3 },
    { arbitrary: fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }), weight: 4 },
  ),
}));
const objects = fc.record(
  {
    metadata: fc.record(
      {
        name: fc.string(),
        resourceVersion: fc.constant('3'),
        managedFields: fc.constant([{ manager: 'm', operation: 'Update', fieldsV1: { 'f:spec': {} } }]),
        labels: values,
        generation: values,
      },
      { requiredKeys: ['name'] },
    ),
    spec: values,
    kind: fc.constant('Pod'),
    status: values,
    apiVersion: fc.constant('v1'),
  },
  { requiredKeys: ['metadata', 'kind', 'apiVersion'] },
);

/** The object of a document as it is read from bytes alone. */
function parsed(value: Uint8Array, revision: number): KubeObject {
  return Document.ofValue(Buffer.from(value), revision).object;
}

describe('an object that was written', () => {
  it('is, to those who follow, what its bytes are when they are parsed', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const value = storedValue(object as unknown as KubeObject);
        const expected = parsed(value, 9);
        const document = Document.ofValue(value, 9);
        for (const shown of [document.read(), document.object]) {
          expect(shown).toStrictEqual(expected);
          expect(JSON.stringify(shown)).toBe(JSON.stringify(expected));
        }
        document.settle();
        expect(document.object).toStrictEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  const written = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'a', labels: { a: 'b' } },
    spec: { containers: [] },
  } as KubeObject & { spec: object };

  it('is itself shared by those who ask in time', () => {
    const document = Document.ofValue(storedValue(written), 5);
    const asked = document.object as typeof written;
    expect(asked.spec).toBe(written.spec);
    expect(asked.metadata?.resourceVersion).toBe('5');
    expect(written.metadata?.resourceVersion).toBeUndefined();
    document.settle();
    expect(document.object).toBe(asked);
  });

  it('is let go where nobody has asked for more than a look', () => {
    const document = Document.ofValue(storedValue(written), 5);
    expect((document.read() as typeof written).spec).toBe(written.spec);
    expect(document.labels).toEqual({ a: 'b' });
    document.settle();
    expect((document.object as typeof written).spec).not.toBe(written.spec);
    expect((document.object as typeof written).spec).toEqual(written.spec);
  });
});

it.each([
  { name: 'a list with a hole', value: new Array(2), survives: false },
  { name: 'an absent member', value: { a: { b: undefined } }, survives: false },
  { name: 'a time', value: { a: new Date(0) }, survives: false },
  { name: 'text that is no Unicode', value: ['\ud800'], survives: true },
  { name: 'numbers and null', value: { a: [1.5, -1, null, true] }, survives: true },
])('$name', ({ value, survives }) => {
  expect(survivesJson(value)).toBe(survives);
});
