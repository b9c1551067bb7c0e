import fc from 'fast-check';
import { conformObject } from '../decode/decode.ts';
import { schema } from '../schema/schema.ts';
import { createdFieldsText } from './created-fields.ts';
import { fieldsOfCreator, zeroObject } from './creator-fields.ts';
import { ElementError } from './path-element.ts';
import { type Members, rootSchema } from './walk.ts';

const word = fc.constantFrom('a', 'b', 'a/b', 'f:a', '.', '"', '');
const words = fc.dictionary(word, word, { maxKeys: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const names = fc.constantFrom('x', 'y', 'a"\\', 'M');
const port = fc.record({
  containerPort: fc.constantFrom(1, 2, 10),
  protocol: maybe(fc.constantFrom('TCP', 'UDP')),
  name: maybe(word),
});
const container = fc.record({
  name: names,
  image: maybe(word),
  command: maybe(fc.array(word, { maxLength: 2 })),
  ports: maybe(fc.array(port, { maxLength: 3 })),
  env: maybe(fc.array(fc.record({ name: names, value: maybe(word) }), { maxLength: 3 })),
  resources: maybe(fc.record({ limits: maybe(fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.constant('1'))) })),
});
const pod = fc.record({
  metadata: fc.record({
    name: word,
    labels: maybe(words),
    finalizers: maybe(fc.array(word, { maxLength: 3 })),
    creationTimestamp: maybe(fc.constantFrom(null, '2024-01-01T00:00:00Z')),
  }),
  spec: maybe(
    fc.record({
      containers: maybe(fc.array(container, { maxLength: 3 })),
      securityContext: maybe(fc.constant({})),
      nodeSelector: maybe(words),
      volumes: maybe(fc.array(fc.record({ name: names, emptyDir: maybe(fc.constant({})) }), { maxLength: 2 })),
    }),
  ),
  status: maybe(fc.constant({ phase: 'Running' })),
});
const set = fc.record({
  metadata: maybe(fc.record({ labels: maybe(words) })),
  spec: maybe(fc.record({ replicas: maybe(fc.nat(1)), selector: maybe(fc.record({ matchLabels: maybe(words) })) })),
});

const kinds: Array<[string, fc.Arbitrary<object>]> = [
  ['V1Pod', pod],
  ['V1Deployment', set],
  ['V1ConfigMap', fc.record({ data: maybe(words), immutable: maybe(fc.boolean()) })],
];
const reset: ReadonlySet<string> = new Set(['status']);

function attempt<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof ElementError) return error.message;
    throw error;
  }
}

/** Members in another order: another walk to the same fields. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, member]) => [name, turned(member)]));
}

describe('what the creator of an object owns', () => {
  it.each(kinds)('is the same, whether its shape has been seen before or not: %s', (typeName, arbitrary) => {
    const type = schema.type(typeName);
    const gvk = { group: '', version: 'v1', kind: 'Thing' };
    const written = (object: Members) =>
      createdFieldsText(object, zeroObject(type), { schema: rootSchema(type), reset });
    fc.assert(
      fc.property(arbitrary, (fields) => {
        const { object } = conformObject(structuredClone(fields), { type, gvk });
        for (const shown of [object, turned(object)] as Members[]) {
          const found = attempt(() => fieldsOfCreator(shown, { type, reset }));
          const expected = attempt(() => written(shown));
          expect(typeof found === 'string' ? found : found ? JSON.stringify(found) : '').toBe(expected);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('is kept once for all objects of a shape', () => {
    const type = schema.type('V1Pod');
    const made = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'x', image: name }] } });
    const first = fieldsOfCreator(made('a'), { type, reset });
    expect(fieldsOfCreator(made('b'), { type, reset })).toBe(first);
  });
});
