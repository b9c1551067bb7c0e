import { apply, config, context, gvk, type } from '../../../test/support/applying.ts';
import { isStatus } from '../../base/status.ts';
import { conformPatched } from '../decode/decode.ts';
import type { KubeObject } from '../meta.ts';
import { schema } from '../schema/schema.ts';
import { applyPatch } from './apply.ts';
import { updateManagedFields } from './update.ts';

function refusalOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isStatus(error)) return error;
    throw error;
  }
  throw new Error('was not refused');
}

const managers = (object: KubeObject) => (object.metadata?.managedFields ?? []).map(({ manager }) => manager);

describe('server-side apply', () => {
  const web = { containers: [{ name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }] }] };

  test('creates, and owns what the configuration says', () => {
    const created = apply(undefined, 'one', config({ labels: { a: '1' } }, web));
    expect(created.metadata?.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2024-01-01T00:00:01Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:a': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                'f:image': {},
                'f:name': {},
              },
            },
          },
        },
      },
    ]);
  });

  test('removes what the applier leaves out and nobody else owns', () => {
    const first = apply(undefined, 'one', config({ labels: { a: '1', b: '1' } }, web));
    const shared = apply(first, 'two', config({ labels: { b: '1' } }));
    const after = apply(shared, 'one', config({}, web));
    expect(after.metadata?.labels).toEqual({ b: '1' });
    const gone = apply(after, 'two', config({}));
    expect(gone.metadata).not.toHaveProperty('labels.b');
    expect(managers(gone)).toEqual(['one']);
  });

  test('removes items of lists by their keys', () => {
    const two = { containers: [...web.containers, { name: 'side', image: 'side:1' }] };
    const first = apply(undefined, 'one', config({}, two));
    expect(apply(first, 'one', config({}, web)).spec.containers).toHaveLength(1);
  });

  test('merges lists by key and keeps the order of the configuration', () => {
    const first = apply(undefined, 'one', config({}, web));
    const after = apply(first, 'two', config({}, { containers: [{ name: 'first', image: 'f' }, { name: 'web' }] }));
    const list = after.spec.containers as Array<{ name: string }>;
    expect(list.map(({ name }) => name)).toEqual(['first', 'web']);
    expect(list[1]).toMatchObject({ image: 'web:1' });
  });

  test('replaces atomic lists as a whole', () => {
    const one = apply(undefined, 'one', config({}, { ...web, tolerations: [{ key: 'a' }, { key: 'b' }] }));
    const after = apply(one, 'one', config({}, { ...web, tolerations: [{ key: 'c' }] }));
    expect(after.spec.tolerations).toEqual([{ key: 'c' }]);
  });

  test('refuses to change what another owns, naming manager and field', () => {
    const first = apply(undefined, 'one', config({}, web));
    const other = { containers: [{ name: 'web', image: 'web:2', env: [{ name: 'A', value: '2' }] }] };
    const refusal = refusalOf(() => apply(first, 'two', config({}, other)));
    expect(refusal.code).toBe(409);
    expect(refusal.details?.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.containers[name="web"].image' },
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "one"',
        field: '.spec.containers[name="web"].env[name="A"].value',
      },
    ]);
  });

  test('takes over by force', () => {
    const first = apply(undefined, 'one', config({ labels: { a: '1' } }, web));
    const after = apply(first, 'two', config({ labels: { a: '2' } }), true);
    expect(after.metadata?.labels).toEqual({ a: '2' });
    const again = refusalOf(() => apply(after, 'one', config({ labels: { a: '1' } }, web)));
    expect(again.details?.causes?.[0]?.message).toBe('conflict with "two"');
  });

  test('shares what both set to the same value', () => {
    const first = apply(undefined, 'one', config({ labels: { a: '1' } }, web));
    const after = apply(first, 'two', config({ labels: { a: '1' } }));
    expect(managers(after)).toEqual(['two', 'one']);
    expect(after.metadata?.managedFields?.[0]).not.toHaveProperty('time');
  });

  test('names the version of an updater in conflicts', () => {
    const first = conformPatched(config({ labels: { a: '1' } }, web), { type, gvk }).object;
    updateManagedFields(undefined, first, context('up'));
    const refusal = refusalOf(() => apply(first, 'one', config({ labels: { a: '2' } })));
    expect(refusal.details?.causes?.[0]?.message).toBe('conflict with "up" using v1');
  });

  test('takes what stands unowned for older than the first apply', () => {
    const first = conformPatched(config({ labels: { a: '1' } }, web), { type, gvk }).object;
    const refusal = refusalOf(() => apply(first, 'one', config({ labels: { a: '2' } })));
    expect(refusal.details?.causes?.[0]?.message).toBe('conflict with "before-first-apply" using v1');
  });

  test('kubectl takes over from its client-side apply, and keeps its annotation up to date', () => {
    const name = 'kubectl.kubernetes.io/last-applied-configuration';
    const before = config({ labels: { a: '1' } }, web);
    const annotations = { [name]: JSON.stringify(before) };
    const first = conformPatched(config({ labels: { a: '1' }, annotations }, web), { type, gvk }).object;
    updateManagedFields(undefined, first, context('kubectl-client-side-apply'));
    const next = config({ labels: { a: '2' } }, web);
    const after = apply(first, 'kubectl', next);
    expect(after.metadata?.labels).toEqual({ a: '2' });
    expect(JSON.parse(after.metadata?.annotations?.[name] ?? '')).toEqual(next);
    // In the order of names, as kubectl writes it too.
    expect(after.metadata?.annotations?.[name]).toMatch(/^\{"apiVersion":"v1","kind":"Pod","metadata":\{"labels":/);
    expect(refusalOf(() => apply(first, 'helm', next)).code).toBe(409);
  });

  test.each<[string, object, number]>([
    ['an unknown field', { bogus: 1 }, 500],
    ['a value of the wrong type', { hostname: 7 }, 500],
    ['a key that stands twice', { containers: [{ name: 'a' }, { name: 'a' }] }, 500],
    [
      'an item without its key',
      { resourceClaims: [{ name: 'a' }], hostAliases: [{ hostnames: ['a'] }, { hostnames: ['b'] }] },
      500,
    ],
  ])('refuses %s', (_, spec, code) => {
    expect(refusalOf(() => apply(undefined, 'one', config({}, spec))).code).toBe(code);
  });

  test('refuses given managedFields and other versions', () => {
    expect(refusalOf(() => apply(undefined, 'one', config({ managedFields: [] }))).code).toBe(400);
    expect(refusalOf(() => apply(undefined, 'one', { ...config({}), apiVersion: 'v2' })).code).toBe(400);
  });
});

describe('what server-side apply shares', () => {
  const sections = ({ metadata: _, kind: _k, apiVersion: _a, ...own }: object & Partial<KubeObject>) => own;

  test('is nothing when it creates', () => {
    const deployment = schema.type('V1Deployment');
    const made = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } };
    const create = () => applyPatch(undefined, made, { ...context('one'), type: deployment, apiVersion: 'apps/v1' });
    const [first, second] = [create().object, create().object];
    const objects = Object.entries(sections(first)).filter(([, value]) => typeof value === 'object' && value !== null);
    expect(objects.length).toBeGreaterThan(0);
    for (const [name, value] of objects) expect(second[name]).not.toBe(value);
  });

  test('is what it leaves alone of a stored object, but never metadata', () => {
    const stored = apply(undefined, 'one', config({ labels: { a: 'b' } }, { containers: [{ name: 'c', image: 'i' }] }));
    const { object } = applyPatch(stored, { ...config({ annotations: { x: 'y' } }) }, context('two'));
    expect(object.spec).toBe((stored as KubeObject & { spec?: unknown }).spec);
    expect(object.metadata).not.toBe(stored.metadata);
  });
});
