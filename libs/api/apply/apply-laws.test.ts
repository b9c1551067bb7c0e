import fc from 'fast-check';
import { apply, config } from '../../../test/support/applying.ts';
import { isStatus } from '../../base/status.ts';

describe('laws of apply', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  /** Configurations that speak of these names, and have at least so many members in each map and list. */
  const configurationsOf = (least: number, key: fc.Arbitrary<string> = name) => {
    const container = fc.record({ name: key, image: name, args: fc.array(name, { maxLength: 2 }) });
    return fc
      .record({
        labels: fc.dictionary(key, name, { minKeys: least }),
        spec: fc.record({
          nodeSelector: fc.dictionary(key, name, { minKeys: least }),
          containers: fc.uniqueArray(container, { minLength: least, selector: (item) => item.name }),
        }),
      })
      .map(({ labels, spec }) => config({ labels }, spec));
  };
  const configurations = configurationsOf(0);

  test('applying twice is the same as applying once', () => {
    fc.assert(
      fc.property(configurations, configurations, (base, applied) => {
        const start = apply(undefined, 'one', base);
        const once = apply(start, 'two', applied, true);
        expect(apply(once, 'two', applied)).toEqual(once);
      }),
    );
  });

  test('after a forced apply the object has what was applied', () => {
    fc.assert(
      fc.property(configurations, configurations, (base, applied) => {
        const after = apply(apply(undefined, 'one', base), 'two', applied, true);
        expect(after.metadata?.labels ?? {}).toMatchObject(applied.metadata.labels ?? {});
        expect(after.spec.nodeSelector ?? {}).toMatchObject(applied.spec?.nodeSelector ?? {});
      }),
    );
  });

  test('of a sole applier nothing remains that it no longer applies', () => {
    fc.assert(
      fc.property(configurations, configurations, (first, second) => {
        const after = apply(apply(undefined, 'one', first), 'one', second);
        expect(after).toEqual({ ...apply(undefined, 'one', second), metadata: after.metadata });
        expect(after.metadata?.labels ?? {}).toEqual(second.metadata.labels ?? {});
      }),
    );
  });

  const start = () => apply(undefined, 'base', config({}, { restartPolicy: 'Never' }));
  const shown = ({ metadata, spec }: ReturnType<typeof start>) => {
    const containers = (spec.containers ?? []) as Array<{ name: string }>;
    const sorted = [...containers].sort((one, other) => (one.name < other.name ? -1 : 1));
    return { labels: metadata?.labels, spec: { ...spec, containers: sorted } };
  };

  // Who applies an empty map claims the whole of it from those who come after, not from those who came before.
  test('what two apply who speak of different things is there whatever the order', () => {
    const ours = configurationsOf(1, fc.constantFrom('a', 'b'));
    // A nodeSelector is one value: two who set it speak of the same.
    const theirs = configurationsOf(1, fc.constantFrom('c', 'd')).map(({ spec, ...rest }) => {
      const { nodeSelector: _, ...others } = spec ?? {};
      return { ...rest, spec: others };
    });
    fc.assert(
      fc.property(ours, theirs, (a, b) => {
        const one = shown(apply(apply(start(), 'one', a), 'two', b));
        expect(Object.keys(one.labels ?? {})).toEqual(
          expect.arrayContaining([...Object.keys(a.metadata.labels ?? {}), ...Object.keys(b.metadata.labels ?? {})]),
        );
        expect(shown(apply(apply(start(), 'two', b), 'one', a))).toEqual(one);
      }),
    );
  });

  test('two conflict, or do not, whatever the order', () => {
    const filled = configurationsOf(1);
    const conflicts = (run: () => unknown) => {
      try {
        run();
        return false;
      } catch (error) {
        if (isStatus(error, 'Conflict')) return true;
        throw error;
      }
    };
    fc.assert(
      fc.property(filled, filled, (a, b) => {
        const one = conflicts(() => apply(apply(start(), 'one', a), 'two', b));
        expect(conflicts(() => apply(apply(start(), 'two', b), 'one', a))).toBe(one);
      }),
    );
  });
});
