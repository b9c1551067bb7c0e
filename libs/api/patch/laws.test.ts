import fc from 'fast-check';
import { schema } from '../schema/schema.ts';
import { applyJsonPatch } from './json-patch.ts';
import { cloneJson, equalJson } from './json-value.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicPatch } from './strategic-patch.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Members = Record<string, Json>;

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keys = fc.constantFrom('a', 'b', 'c');
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom('x', 'y', 1, true),
  fc.array(fc.constantFrom('x', 1), { maxLength: 2 }),
);
/** Objects without nulls, which a merge patch cannot set. */
const { tree } = fc.letrec<{ tree: Members; value: Json }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('tree')),
  tree: fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
}));
const { patch } = fc.letrec<{ patch: Members; value: Json }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.constant(null), tie('patch')),
  patch: fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
}));

/** The merge patch that makes one object of another. */
function difference(before: Members, after: Members): Members {
  const result: Members = {};
  for (const key of Object.keys(before)) if (!(key in after)) result[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (old !== undefined && equalJson(old, value)) continue;
    result[key] = isMembers(old) && isMembers(value) ? difference(old, value) : value;
  }
  return result;
}

const merged = (target: Json, by: Json) => applyMergePatch(cloneJson(target), by) as Json;

describe('laws of merge patches', () => {
  test('a difference, applied, makes the one of the other, and nothing is the difference of equals', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        expect(merged(before, difference(before, after))).toEqual(after);
        expect(difference(before, before)).toEqual({});
      }),
    );
  });

  test('patches that name different members may come in any order, and as one', () => {
    fc.assert(
      fc.property(tree, patch, patch, (target, first, other) => {
        const second = Object.fromEntries(Object.entries(other).filter(([key]) => !(key in first)));
        const both = merged(merged(target, first), second);
        expect(merged(merged(target, second), first)).toEqual(both);
        expect(merged(target, { ...first, ...second })).toEqual(both);
      }),
    );
  });

  test('no null is left, the patch is not changed, and what it does not name stays', () => {
    fc.assert(
      fc.property(tree, patch, (target, by) => {
        const copy = JSON.stringify(by);
        const result = merged(target, by) as Members;
        expect(JSON.stringify(result)).not.toContain('null');
        expect(JSON.stringify(by)).toBe(copy);
        for (const key of Object.keys(target)) if (!(key in by)) expect(result[key]).toEqual(target[key]);
        for (const [key, value] of Object.entries(by)) if (value === null) expect(key in result).toBe(false);
      }),
    );
  });
});

/** Pointers to every member of a tree. */
function pointers(value: Json, at = ''): string[] {
  if (!isMembers(value)) return [at];
  return [at, ...Object.entries(value).flatMap(([key, child]) => pointers(child, `${at}/${key}`))];
}

describe('laws of JSON patches', () => {
  const someAndPath = tree.chain((value) =>
    fc.tuple(fc.constant(value), fc.constantFrom(...pointers(value).filter(Boolean), '/d')),
  );

  test('what is added is there, and removing it gives the former object', () => {
    fc.assert(
      fc.property(tree, leaf, (target, value) => {
        const add = [
          { op: 'add', path: '/new', value },
          { op: 'test', path: '/new', value },
        ];
        const added = applyJsonPatch(cloneJson(target), add);
        expect(applyJsonPatch(cloneJson(added), [{ op: 'remove', path: '/new' }])).toEqual(target);
      }),
    );
  });

  test('moving there and back changes nothing; moving is copying and removing', () => {
    fc.assert(
      fc.property(someAndPath, ([target, path]) => {
        fc.pre(path !== '/d');
        const away = { op: 'move', from: path, path: '/moved' };
        const back = { op: 'move', from: '/moved', path };
        expect(applyJsonPatch(cloneJson(target), [away, back])).toEqual(target);
        const copied = [
          { op: 'copy', from: path, path: '/moved' },
          { op: 'remove', path },
        ];
        expect(applyJsonPatch(cloneJson(target), copied)).toEqual(applyJsonPatch(cloneJson(target), [away]));
      }),
    );
  });

  test('a test that fails, or a path that is not there, refuses the whole', () => {
    fc.assert(
      fc.property(tree, leaf, (target, value) => {
        const set = { op: 'add', path: '/new', value };
        for (const wrong of [
          { op: 'test', path: '/new', value: 'something else' },
          { op: 'remove', path: '/missing' },
          { op: 'replace', path: '/missing/deep', value },
        ]) {
          expect(() => applyJsonPatch(cloneJson(target), [set, wrong])).toThrow();
        }
      }),
    );
  });
});

interface Env {
  name: string;
  value?: string;
}
interface Container {
  name: string;
  image?: string;
  env?: Env[];
}
interface Pod {
  metadata: { labels: Record<string, string>; finalizers: string[] };
  spec: { containers: Container[]; tolerations?: Array<{ key: string }> };
}

const letter = fc.constantFrom('a', 'b', 'c', 'd');
const envs = fc.uniqueArray(fc.record({ name: letter, value: letter }), { selector: ({ name }) => name, maxLength: 3 });
const containers = fc.uniqueArray(
  fc.record({ name: letter, image: letter, env: envs }, { requiredKeys: ['name', 'image'] }),
  { selector: ({ name }) => name, maxLength: 3 },
);
const pods: fc.Arbitrary<Pod> = fc.record({
  metadata: fc.record({
    labels: fc.dictionary(letter, letter),
    finalizers: fc.uniqueArray(letter, { maxLength: 3 }),
  }),
  spec: fc.record({ containers, tolerations: fc.array(fc.record({ key: letter }), { maxLength: 2 }) }),
});

/** A strategic patch by the rules of kubectl: items by their key, deletions by directive, the rest replaced. */
function strategicDifference(before: Pod, after: Pod): object {
  const labels = difference(before.metadata.labels, after.metadata.labels);
  const gone = before.metadata.finalizers.filter((name) => !after.metadata.finalizers.includes(name));
  const items = (old: readonly Container[], now: readonly Container[]): object[] => [
    ...now.map((item) => {
      const former = old.find(({ name }) => name === item.name);
      if (former === undefined) return item;
      const env = [
        ...(item.env ?? []),
        ...(former.env ?? [])
          .filter(({ name }) => !item.env?.some((each) => each.name === name))
          .map(({ name }) => ({ name, $patch: 'delete' })),
      ];
      const isLost = item.env === undefined && former.env !== undefined;
      return { ...item, ...(isLost ? { env: null } : env.length > 0 ? { env } : {}) };
    }),
    ...old
      .filter(({ name }) => !now.some((item) => item.name === name))
      .map(({ name }) => ({ name, $patch: 'delete' })),
  ];
  return {
    metadata: {
      labels,
      finalizers: after.metadata.finalizers,
      ...(gone.length > 0 ? { '$deleteFromPrimitiveList/finalizers': gone } : {}),
    },
    spec: {
      containers: items(before.spec.containers, after.spec.containers),
      tolerations: after.spec.tolerations ?? [],
    },
  };
}

/** Lists by key compare by key: the order of what was there and what is new is the directive $setElementOrder's business. */
function inOrder({ metadata, spec }: Pod): Pod {
  const byName = <T extends { name: string }>(items: readonly T[]) =>
    [...items].sort((one, other) => (one.name < other.name ? -1 : 1));
  const sorted = byName(spec.containers).map((item) => {
    const { env, ...rest } = item;
    return env === undefined || env.length === 0 ? rest : { ...rest, env: byName(env) };
  });
  return {
    metadata: { ...metadata, finalizers: [...metadata.finalizers].sort() },
    spec: { ...spec, containers: sorted },
  };
}

const strategic = (target: Pod, by: object): Pod =>
  applyStrategicPatch(cloneJson(target), by, schema.type('V1Pod')) as Pod;

describe('laws of strategic patches', () => {
  test('a difference, applied, makes the one of the other', () => {
    fc.assert(
      fc.property(pods, pods, (before, after) => {
        expect(inOrder(strategic(before, strategicDifference(before, after)))).toEqual(inOrder(after));
      }),
      { numRuns: 300 },
    );
  });

  test('items that a patch does not name stay as they are', () => {
    fc.assert(
      fc.property(pods, containers, (before, named) => {
        const after = strategic(before, { spec: { containers: named } });
        for (const item of before.spec.containers) {
          if (!named.some(({ name }) => name === item.name)) expect(after.spec.containers).toContainEqual(item);
        }
        expect(new Set(after.spec.containers.map(({ name }) => name)).size).toBe(after.spec.containers.length);
      }),
    );
  });

  test('$patch: replace leaves only what it brings, $setElementOrder puts items in its order', () => {
    fc.assert(
      fc.property(pods, containers, (before, named) => {
        const replaced = strategic(before, { spec: { containers: [...named, { $patch: 'replace' }] } });
        expect(replaced.spec.containers).toEqual(named);
        const names = before.spec.containers.map(({ name }) => ({ name }));
        const order = [...names].reverse();
        const turned = strategic(before, { spec: { '$setElementOrder/containers': order, containers: order } });
        expect(turned.spec.containers.map(({ name }) => ({ name }))).toEqual(order);
      }),
    );
  });

  test('$retainKeys keeps only the keys that it names', () => {
    fc.assert(
      fc.property(letter, letter, (image, value) => {
        const before = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: image } } } };
        const by = { spec: { strategy: { $retainKeys: ['type'], type: value } } };
        const after = applyStrategicPatch(cloneJson(before), by, schema.type('V1Deployment'));
        expect(after).toEqual({ spec: { strategy: { type: value } } });
      }),
    );
  });
});
