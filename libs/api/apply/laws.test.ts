import fc from 'fast-check';
import { isStatus } from '../../base/status.ts';
import { conformPatched } from '../decode/decode.ts';
import type { KubeObject } from '../meta.ts';
import { schema } from '../schema/schema.ts';
import { applyPatch } from './apply.ts';
import { FieldSet, overlaps } from './field-set.ts';
import { resetFieldsOf } from './reset-fields.ts';
import { updateManagedFields } from './update.ts';

const type = schema.type('V1Pod');
const gvk = { group: '', version: 'v1', kind: 'Pod' };
const resetFields = resetFieldsOf({ group: '', plural: 'pods', hasStatus: true });

interface Container {
  name: string;
  image?: string;
  args?: string[];
}
interface Pod extends KubeObject {
  spec?: { nodeSelector?: Record<string, string>; containers?: Container[] };
}

/** Who applies what: labels (a map), a node selector (an atomic one), containers (a list with keys) and their args (an atomic list). */
interface Wanted {
  labels: Record<string, string>;
  nodeSelector: Record<string, string>;
  containers: Container[];
}

const letter = fc.constantFrom('a', 'b', 'c');
const wanted: fc.Arbitrary<Wanted> = fc.record({
  labels: fc.dictionary(letter, letter),
  nodeSelector: fc.dictionary(letter, letter),
  containers: fc.uniqueArray(
    fc.record(
      { name: letter, image: letter, args: fc.array(letter, { minLength: 1, maxLength: 2 }) },
      { requiredKeys: ['name'] },
    ),
    { selector: ({ name }) => name },
  ),
});

const manager = fc.constantFrom('one', 'two', 'three');
const steps = fc.array(fc.record({ manager, wanted, force: fc.boolean() }), { minLength: 1, maxLength: 8 });

function apply(
  current: Pod | undefined,
  who: string,
  { labels, nodeSelector, containers }: Wanted,
  force: boolean,
): Pod {
  // What is empty is left out: to apply an empty map is to own the map itself.
  const spec = { ...(isFull(nodeSelector) && { nodeSelector }), ...(isFull(containers) && { containers }) };
  const metadata = { name: 'p', ...(isFull(labels) && { labels }) };
  const given = { apiVersion: 'v1', kind: 'Pod', metadata, ...(isFull(spec) && { spec }) };
  const context = { type, manager: who, apiVersion: 'v1', time: '2026-01-01T00:00:00Z', resetFields, force };
  const { object } = applyPatch(current, given, context);
  return conformPatched<Pod>(object, { type, gvk }).object;
}

const isFull = (value: object) => Object.keys(value).length > 0;
const none: Wanted = { labels: {}, nodeSelector: {}, containers: [] };

/** Every value that stands in a pod or is wanted, by a path of the model's own. */
function leaves({ labels, nodeSelector, containers }: Wanted): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(labels)) all.set(`label ${key}`, value);
  if (isFull(nodeSelector)) all.set('selector', JSON.stringify(Object.entries(nodeSelector).sort()));
  for (const { name, image, args } of containers) {
    all.set(`container ${name}`, '');
    if (image !== undefined) all.set(`container ${name} image`, image);
    if (args !== undefined) all.set(`container ${name} args`, JSON.stringify(args));
  }
  return all;
}

const standing = (pod: Pod | undefined) =>
  leaves({
    labels: pod?.metadata?.labels ?? {},
    nodeSelector: pod?.spec?.nodeSelector ?? {},
    containers: pod?.spec?.containers ?? [],
  });

/** What apply means, told once more without sets of paths: who owns which value. */
class Model {
  readonly values = new Map<string, string>();
  readonly owners = new Map<string, Set<string>>();

  /** Paths that others own with another value. */
  conflicts(who: string, asked: Map<string, string>): string[] {
    return [...asked].flatMap(([path, value]) => {
      const differs = this.values.has(path) && this.values.get(path) !== value;
      const others = [...(this.owners.get(path) ?? [])].filter((owner) => owner !== who);
      return differs && others.length > 0 ? [path] : [];
    });
  }

  apply(who: string, asked: Map<string, string>): void {
    for (const [path, value] of asked) {
      const owners = this.values.get(path) === value ? (this.owners.get(path) ?? new Set<string>()) : new Set<string>();
      // A value that changes is its writer's alone.
      this.owners.set(path, owners.add(who));
      this.values.set(path, value);
    }
    for (const [path, owners] of this.owners) {
      if (asked.has(path) || !owners.delete(who) || owners.size > 0) continue;
      this.owners.delete(path);
      this.values.delete(path);
    }
  }
}

const ownersIn = (pod: Pod) => (pod.metadata?.managedFields ?? []).map((entry) => entry.manager);

describe('laws of server-side apply', () => {
  test('a history of applies leaves the values, and refuses with the conflicts, that a model of owners says', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let pod: Pod | undefined;
        const model = new Model();
        for (const { manager: who, wanted: asked, force } of history) {
          const conflicts = force ? [] : model.conflicts(who, leaves(asked));
          let causes = 0;
          try {
            pod = apply(pod, who, asked, force);
          } catch (error) {
            if (!isStatus(error, 'Conflict')) throw error;
            causes = error.details?.causes?.length ?? 0;
          }
          expect(causes > 0).toBe(conflicts.length > 0);
          if (causes > 0) continue;
          model.apply(who, leaves(asked));
          expect(Object.fromEntries(standing(pod))).toEqual(Object.fromEntries(model.values));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('every field that is owned stands in the object, and no manager owns nothing', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let pod: Pod | undefined;
        for (const { manager: who, wanted: asked } of history) pod = apply(pod, who, asked, true);
        const own = standing(pod);
        for (const { fieldsV1 } of pod?.metadata?.managedFields ?? []) {
          const paths = FieldSet.fromFieldsV1(fieldsV1 as never).paths();
          expect(paths.length).toBeGreaterThan(0);
          for (const path of paths) {
            const [first, second, third] = path.slice(1).map((element) => element.replace(/^f:/, ''));
            const key = first === 'labels' ? `label ${second}` : 'selector';
            const item = /"name":"(.)"/.exec(second ?? '')?.[1];
            if (first === undefined || first === 'name' || third === 'name') continue;
            if (first !== 'nodeSelector' && second === undefined) continue;
            const name = item === undefined ? key : `container ${item}${third === undefined ? '' : ` ${third}`}`;
            expect([...own.keys()]).toContain(name);
          }
        }
      }),
    );
  });

  test('who applies nothing any more owns nothing, and others keep what they have', () => {
    fc.assert(
      fc.property(wanted, wanted, (first, second) => {
        const both = apply(apply(undefined, 'one', first, true), 'two', second, true);
        const left = apply(both, 'one', none, true);
        expect(ownersIn(left)).not.toContain('one');
        expect(Object.fromEntries(standing(left))).toMatchObject(Object.fromEntries(leaves(second)));
      }),
    );
  });

  test('a refused apply changes nothing, and forced it takes the fields over', () => {
    fc.assert(
      fc.property(wanted, wanted, (first, second) => {
        const start = apply(undefined, 'one', first, false);
        const before = JSON.stringify(start);
        try {
          apply(start, 'two', second, false);
        } catch (error) {
          expect(isStatus(error, 'Conflict')).toBe(true);
        }
        expect(JSON.stringify(start)).toBe(before);
        const forced = apply(start, 'two', second, true);
        expect(() => apply(forced, 'two', second, false)).not.toThrow();
        expect(Object.fromEntries(standing(forced))).toMatchObject(Object.fromEntries(leaves(second)));
      }),
    );
  });

  test('an update takes the fields that it changes from whoever applied them, and only those', () => {
    fc.assert(
      fc.property(wanted, letter, letter, (first, key, value) => {
        // Updates are tracked in objects that have owners.
        fc.pre(leaves(first).size > 0);
        const applied = apply(undefined, 'one', first, false);
        const next = structuredClone(applied);
        next.metadata!.labels = { ...next.metadata!.labels, [key]: value };
        const changed = applied.metadata?.labels?.[key] !== value;
        updateManagedFields(applied, next, {
          type,
          manager: 'two',
          apiVersion: 'v1',
          time: '2026-01-01T00:00:01Z',
          resetFields,
        });
        const owns = (who: string) => {
          const entry = next.metadata?.managedFields?.find((each) => each.manager === who);
          const fields = FieldSet.fromFieldsV1((entry?.fieldsV1 ?? { x: {} }) as never);
          return fields.has(['f:metadata', 'f:labels', `f:${key}`]);
        };
        expect([owns('one'), owns('two')]).toEqual(changed ? [false, true] : [first.labels[key] !== undefined, false]);
      }),
    );
  });
});

describe('laws of field sets', () => {
  const element = fc.constantFrom('f:a', 'f:b', 'v:"x"', 'k:{"name":"a"}', 'i:0');
  const sets = fc
    .array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
    .map((paths) => FieldSet.of(paths));
  const text = (set: FieldSet) => JSON.stringify(set.paths());
  const holds = (name: string, law: (a: FieldSet, b: FieldSet, c: FieldSet) => void) =>
    test(name, () => fc.assert(fc.property(sets, sets, sets, (a, b, c) => law(a, b, c))));

  holds('what is written can be read back', (a) => {
    expect(text(FieldSet.fromFieldsV1({ '.': {}, ...JSON.parse(a.toText()) }).difference(FieldSet.leaf))).toBe(text(a));
  });
  holds('union is associative, commutative and idempotent', (a, b, c) => {
    expect(text(a.union(b).union(c))).toBe(text(a.union(b.union(c))));
    expect(text(a.union(b))).toBe(text(b.union(a)));
    expect(text(a.union(a))).toBe(text(a));
  });
  holds('intersection is commutative, absorbs and distributes', (a, b, c) => {
    expect(text(a.intersection(b))).toBe(text(b.intersection(a)));
    expect(text(a.union(a.intersection(b)))).toBe(text(a));
    expect(text(a.intersection(b.union(c)))).toBe(text(a.intersection(b).union(a.intersection(c))));
  });
  holds('difference and intersection part a set in two', (a, b) => {
    expect(text(a.difference(b).union(a.intersection(b)))).toBe(text(a));
    expect(a.difference(b).intersection(b).isEmpty).toBe(true);
    expect(text(a.difference(b).union(b))).toBe(text(a.union(b)));
  });
  holds('a recursive difference leaves nothing at or below the other', (a, b) => {
    const rest = a.recursiveDifference(b);
    for (const path of rest.paths()) {
      for (let length = 1; length <= path.length; length++) expect(b.has(path.slice(0, length))).toBe(false);
    }
    for (const path of a.paths()) {
      const isBelow = path.some((_, at) => b.has(path.slice(0, at + 1)));
      expect(rest.has(path)).toBe(!isBelow);
    }
  });
  holds('overlap is an intersection that is not empty', (a, b) => {
    expect(overlaps(JSON.parse(a.toText()) as never, b)).toBe(!a.intersection(b).isEmpty);
  });
});
