import { conformObject } from '../decode/decode.ts';
import type { KubeObject } from '../meta.ts';
import { schema } from '../schema/schema.ts';
import { FieldSet, type FieldsV1 } from './field-set.ts';
import { resetFieldsOf } from './reset-fields.ts';
import { managerOfUserAgent, updateManagedFields, type WriteContext } from './update.ts';

const pods = { group: '', plural: 'pods', hasStatus: true };
const type = schema.type('V1Pod');
const gvk = { group: '', version: 'v1', kind: 'Pod' };

const write = (manager: string, second: number, more: Partial<WriteContext> = {}): WriteContext => ({
  type,
  manager,
  apiVersion: 'v1',
  time: `2024-01-01T00:00:0${second}Z`,
  resetFields: resetFieldsOf(pods, more.subresource),
  ...more,
});

/** A pod in the form in which it is stored. */
const pod = (metadata: object, spec: object, status: object = {}): KubeObject =>
  conformObject({ metadata: { name: 'a', uid: 'u', ...metadata }, spec, status }, { type, gvk }).object;

const containers = (...names: string[]) => ({ containers: names.map((name) => ({ name, image: `${name}:1` })) });

function written(object: KubeObject) {
  return (object.metadata?.managedFields ?? []).map((entry) => [
    entry.manager,
    entry.operation,
    entry.subresource ?? '',
    entry.time?.slice(-3, -1),
    entry.fieldsV1,
  ]);
}

describe('ownership of fields', () => {
  test('a creator owns what it set, but neither identity nor status', () => {
    const created = pod({ labels: { a: '1' } }, containers('x'), { phase: 'Running' });
    updateManagedFields(undefined, created, write('kubectl', 1));
    expect(written(created)).toEqual([
      [
        'kubectl',
        'Update',
        '',
        '01',
        {
          'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"x"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
          },
        },
      ],
    ]);
  });

  test('a writer takes over what it changes, and adds to what it owned before', () => {
    const first = pod({ labels: { a: '1', b: '1' } }, containers('x'));
    updateManagedFields(undefined, first, write('one', 1));
    const second = pod({ labels: { a: '2', b: '1', c: '1' } }, containers('x'));
    updateManagedFields(first, second, write('two', 2));
    const third = pod({ labels: { a: '2', b: '1', c: '1', d: '1' } }, containers('x'));
    third.metadata!.managedFields = second.metadata!.managedFields!;
    updateManagedFields(second, third, write('two', 3));
    const labels = written(third).map(([manager, , , time, fields]) => [
      manager,
      time,
      (fields as FieldsV1)['f:metadata'],
    ]);
    expect(labels).toEqual([
      ['one', '01', { 'f:labels': { '.': {}, 'f:b': {} } }],
      ['two', '03', { 'f:labels': { 'f:a': {}, 'f:c': {}, 'f:d': {} } }],
    ]);
  });

  test('what is removed belongs to nobody, and who owns nothing goes', () => {
    const first = pod({}, containers('x'));
    updateManagedFields(undefined, first, write('one', 1));
    const second = pod({ labels: { a: '1' } }, containers('x'));
    updateManagedFields(first, second, write('two', 2));
    const third = pod({}, containers('x'));
    updateManagedFields(second, third, write('three', 3));
    expect(written(third).map(([manager]) => manager)).toEqual(['one']);
  });

  test('a write that changes nothing keeps the time', () => {
    const first = pod({}, containers('x'));
    updateManagedFields(undefined, first, write('one', 1));
    const second = pod({}, containers('x'));
    updateManagedFields(first, second, write('two', 2));
    expect(second.metadata?.managedFields).toEqual(first.metadata?.managedFields);
  });

  test('status has owners of its own', () => {
    const first = pod({}, containers('x'));
    updateManagedFields(undefined, first, write('one', 1));
    const second = pod({}, containers('y'), { phase: 'Running' });
    updateManagedFields(first, second, write('kubelet', 2, { subresource: 'status' }));
    expect(written(second)[1]).toEqual(['kubelet', 'Update', 'status', '02', { 'f:status': { 'f:phase': {} } }]);
  });

  test.each([[[]], [[{}]]])('a list such as %j makes everything forgotten', (list) => {
    const first = pod({}, containers('x'));
    updateManagedFields(undefined, first, write('one', 1));
    const second = pod({ managedFields: list }, containers('x'));
    updateManagedFields(first, second, write('two', 2));
    expect(second.metadata).not.toHaveProperty('managedFields');
    const third = pod({ labels: { a: '1' } }, containers('x'));
    updateManagedFields(second, third, write('two', 3));
    expect(third.metadata).not.toHaveProperty('managedFields');
  });

  test('the oldest of too many updaters are merged', () => {
    let state = pod({}, containers('x'));
    updateManagedFields(undefined, state, write('m0', 0));
    for (let index = 1; index <= 14; index++) {
      const labels = { ...state.metadata?.labels, [`l${index}`]: '1' };
      const next = pod({ labels }, containers('x'));
      const time = `2024-01-01T00:00:${String(index).padStart(2, '0')}Z`;
      updateManagedFields(state, next, write(`m${index}`, 0, { time }));
      state = next;
    }
    const managers = written(state).map(([manager]) => manager);
    expect(managers).toHaveLength(10);
    expect(managers).toContain('ancient-changes');
    expect(managers).toContain('m14');
    expect(managers).not.toContain('m1');
  });

  test('an item that lacks its key has the key that stands for nothing', () => {
    const created = pod({}, containers(''));
    updateManagedFields(undefined, created, write('one', 1));
    const [[, , , , fields]] = written(created) as [[unknown, unknown, unknown, unknown, FieldsV1]];
    expect(fields['f:spec']?.['f:containers']).toHaveProperty(['k:{"name":""}']);
  });
});

test.each([
  ['kubectl/v1.32.0 (linux/amd64) kubernetes/abc', 'kubectl'],
  ['node-fetch', 'node-fetch'],
  [undefined, ''],
  ['x'.repeat(200), 'x'.repeat(128)],
])('the User-Agent %p writes as %p', (agent, manager) => {
  expect(managerOfUserAgent(agent)).toBe(manager);
});

test('sets are written in the order of Kubernetes and read back', () => {
  const set = FieldSet.of([
    ['f:b'],
    ['f:b', 'f:c'],
    ['f:a', 'k:{"port":80,"protocol":"UDP"}'],
    ['f:a', 'k:{"port":9,"protocol":"TCP"}'],
    ['f:a', 'v:"z"'],
    ['f:a', 'f:x'],
  ]);
  const text = set.toText();
  expect(text).toBe(
    '{"f:a":{"f:x":{},"k:{\\"port\\":9,\\"protocol\\":\\"TCP\\"}":{},"k:{\\"port\\":80,\\"protocol\\":\\"UDP\\"}":{},' +
      '"v:\\"z\\"":{}},"f:b":{".":{},"f:c":{}}}',
  );
  expect(FieldSet.fromFieldsV1(JSON.parse(text)).toText()).toBe(text);
});
