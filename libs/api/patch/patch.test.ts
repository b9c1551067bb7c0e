import fc from 'fast-check';
import { isStatus } from '../../base/status.ts';
import { schema } from '../schema/schema.ts';
import { applyJsonPatch } from './json-patch.ts';
import { cloneJson, equalJson } from './json-value.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicPatch } from './strategic-patch.ts';

function refusalOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isStatus(error)) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('JSON patch', () => {
  const original = () => ({ a: 1, b: [1, 2, 3], c: { 'x/y': 1, '~': 2 }, d: null });
  test.each<[string, object[], unknown]>([
    ['adds a member', [{ op: 'add', path: '/e', value: { f: 1 } }], { ...original(), e: { f: 1 } }],
    ['replaces what it adds', [{ op: 'add', path: '/a', value: 2 }], { ...original(), a: 2 }],
    ['inserts into a list', [{ op: 'add', path: '/b/1', value: 9 }], { ...original(), b: [1, 9, 2, 3] }],
    ['appends to a list', [{ op: 'add', path: '/b/-', value: 9 }], { ...original(), b: [1, 2, 3, 9] }],
    ['removes from a list', [{ op: 'remove', path: '/b/0' }], { ...original(), b: [2, 3] }],
    ['counts from the end', [{ op: 'remove', path: '/b/-1' }], { ...original(), b: [1, 2] }],
    ['replaces', [{ op: 'replace', path: '/c/x~1y', value: 5 }], { ...original(), c: { 'x/y': 5, '~': 2 } }],
    ['moves', [{ op: 'move', from: '/c/~0', path: '/a' }], { ...original(), a: 2, c: { 'x/y': 1 } }],
    ['copies', [{ op: 'copy', from: '/b', path: '/e' }], { ...original(), e: [1, 2, 3] }],
    ['tests', [{ op: 'test', path: '/c', value: { '~': 2, 'x/y': 1 } }], original()],
    ['tests for nothing', [{ op: 'test', path: '/nowhere', value: null }], original()],
    ['replaces a member that is not there', [{ op: 'replace', path: '/e', value: 1 }], { ...original(), e: 1 }],
    ['takes a missing value for null', [{ op: 'add', path: '/a' }], { ...original(), a: null }],
    ['copies a missing member as null', [{ op: 'copy', from: '/nowhere', path: '/a' }], { ...original(), a: null }],
    ['does not look at what stands before a path', [{ op: 'remove', path: 'c/a' }], { ...original(), a: undefined }],
    ['replaces the whole', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
  ])('%s', (_, patch, after) => {
    expect(applyJsonPatch(original(), patch)).toEqual(after);
  });

  test.each<[string, unknown, number, RegExp]>([
    ['a test that does not hold', [{ op: 'test', path: '/a', value: 2 }], 422, /not the tested one/],
    ['an unknown operation', [{ op: 'explode', path: '/a' }], 422, /no operation called "explode"/],
    ['a path that is not there', [{ op: 'remove', path: '/x/y' }], 422, /\/x\/y does not exist/],
    ['a replacement in nothing', [{ op: 'replace', path: '/x/y', value: 1 }], 422, /does not exist/],
    ['a test of nothing', [{ op: 'test', path: '/x/y', value: null }], 422, /does not exist/],
    ['a place out of range', [{ op: 'add', path: '/b/9', value: 1 }], 422, /no place 9 in a list of 3/],
    ['a place with a leading zero', [{ op: 'remove', path: '/b/01' }], 422, /no place 01/],
    ['a path without a slash', [{ op: 'remove', path: 'a' }], 422, /has no \//],
    ['no list', { op: 'add' }, 400, /list of operations/],
    ['an operation that is no object', [7], 400, /operation 0/],
    [
      'copies of copies',
      [
        { op: 'add', path: '/e', value: ['x'.repeat(1000)] },
        ...Array.from({ length: 30 }, () => ({ op: 'copy', from: '/e', path: '/e/-' })),
      ],
      413,
      /copies/,
    ],
    ['too many operations', Array(10_001).fill({ op: 'test', path: '/a', value: 1 }), 413, /at most/],
  ])('refuses %s', (_, patch, code, message) => {
    const refusal = refusalOf(() => applyJsonPatch(original(), patch));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(message);
  });
});

describe('merge patch', () => {
  test.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%p with %p is %p', (target, patch, after) => {
    expect(applyMergePatch(target, patch)).toEqual(after);
  });

  test('refuses what is no object', () => {
    expect(refusalOf(() => applyMergePatch({}, [])).code).toBe(400);
  });
});

describe('strategic merge patch', () => {
  const pod = schema.type('V1Pod');
  const strategic = (target: unknown, patch: unknown) => applyStrategicPatch(target, patch, pod);
  const containers = (...list: object[]) => ({ spec: { containers: list } });

  test.each<[string, unknown, unknown, unknown]>([
    [
      'merges items by key',
      containers({ name: 'a', image: 'a:1' }, { name: 'b', image: 'b:1' }),
      containers({ name: 'b', image: 'b:2' }),
      containers({ name: 'a', image: 'a:1' }, { name: 'b', image: 'b:2' }),
    ],
    [
      'puts a new item where the patch has it',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'c' }, { name: 'a', image: 'x' }),
      containers({ name: 'c' }, { name: 'a', image: 'x' }, { name: 'b' }),
    ],
    [
      'deletes an item',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'a', $patch: 'delete' }),
      containers({ name: 'b' }),
    ],
    [
      'replaces a list',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'c' }, { $patch: 'replace' }),
      containers({ name: 'c' }),
    ],
    [
      'replaces a map',
      { spec: { nodeSelector: { a: '1', b: '2' } } },
      { spec: { nodeSelector: { c: '3', $patch: 'replace' } } },
      { spec: { nodeSelector: { c: '3' } } },
    ],
    [
      'empties a map',
      { metadata: { labels: { a: '1' } } },
      { metadata: { labels: { $patch: 'delete' } } },
      { metadata: { labels: {} } },
    ],
    [
      'replaces lists that do not merge',
      { spec: { tolerations: [{ key: 'a' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
    ],
    [
      'keeps only the keys that are named',
      { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      { spec: { volumes: [{ name: 'v', configMap: { name: 'c' }, $retainKeys: ['name', 'configMap'] }] } },
      { spec: { volumes: [{ name: 'v', configMap: { name: 'c' } }] } },
    ],
    [
      'adds to a list of texts',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c', 'a'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    [
      'deletes from a list of texts',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      { metadata: { finalizers: ['b'] } },
    ],
    [
      'orders a list',
      containers({ name: 'a' }, { name: 'x' }, { name: 'b' }),
      { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
      containers({ name: 'x' }, { name: 'b' }, { name: 'a' }),
    ],
    ['deletes a member', { spec: { hostname: 'h' } }, { spec: { hostname: null } }, { spec: {} }],
  ])('%s', (_, target, patch, after) => {
    const unchanged = cloneJson(patch);
    expect(strategic(target, patch)).toEqual(after);
    expect(patch).toEqual(unchanged);
  });

  test.each<[string, unknown, number]>([
    ['an unknown directive', containers({ name: 'a', $patch: 'explode' }), 500],
    ['an item without its key', containers({ image: 'x' }), 500],
    [
      'an order that leaves items out',
      { spec: { containers: [{ name: 'a' }], '$setElementOrder/containers': [{ name: 'b' }] } },
      500,
    ],
    ['retained keys that leave out a set one', { spec: { hostname: 'x', $retainKeys: [] } }, 400],
    ['an order that is no list', { spec: { '$setElementOrder/containers': 'a' } }, 400],
    ['no object', [], 400],
  ])('refuses %s', (_, patch, code) => {
    expect(refusalOf(() => strategic(containers({ name: 'a' }), patch)).code).toBe(code);
  });
});

describe('laws', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const members = fc.dictionary(fc.string({ maxLength: 3 }), json, { maxKeys: 4 });
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const podArbitrary = fc.record({
    spec: fc.record({
      containers: fc.uniqueArray(fc.record({ name, image: name }), { selector: (item) => item.name }),
      nodeSelector: fc.dictionary(name, name),
    }),
  });

  test('a merge patch applied twice is the same as applied once', () => {
    fc.assert(
      fc.property(members, members, (target, patch) => {
        const once = applyMergePatch(cloneJson(target), patch);
        expect(equalJson(applyMergePatch(cloneJson(once), patch), once)).toBe(true);
      }),
    );
  });

  test('replacing the whole by JSON patch gives the value, and testing for it holds', () => {
    fc.assert(
      fc.property(json, json, (target, value) => {
        const patch = [
          { op: 'replace', path: '', value },
          { op: 'test', path: '', value },
        ];
        expect(equalJson(applyJsonPatch(cloneJson(target), patch), value)).toBe(true);
      }),
    );
  });

  test('a strategic patch applied twice is the same as applied once, and sets what it says', () => {
    fc.assert(
      fc.property(podArbitrary, podArbitrary, (target, patch) => {
        const once = applyStrategicPatch(cloneJson(target), patch, schema.type('V1Pod')) as typeof target;
        const twice = applyStrategicPatch(cloneJson(once), patch, schema.type('V1Pod'));
        expect(twice).toEqual(once);
        for (const container of patch.spec.containers) expect(once.spec.containers).toContainEqual(container);
        expect(once.spec.nodeSelector).toMatchObject(patch.spec.nodeSelector);
      }),
    );
  });

  test('an empty patch of any type changes nothing', () => {
    fc.assert(
      fc.property(podArbitrary, (target) => {
        expect(applyStrategicPatch(cloneJson(target), {}, schema.type('V1Pod'))).toEqual(target);
        expect(applyMergePatch(cloneJson(target), {})).toEqual(target);
        expect(applyJsonPatch(cloneJson(target), [])).toEqual(target);
      }),
    );
  });
});
