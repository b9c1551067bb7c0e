import { conformObject } from '../decode/decode.ts';
import type { KubeObject } from '../meta.ts';
import { schema } from '../schema/schema.ts';
import { zeroObject } from './creator-fields.ts';
import { resetFieldsOf } from './reset-fields.ts';
import { ownersAfterUpdate, updateManagedFields } from './update.ts';

const container = (name: string, more: object = {}) => ({ name, image: `${name}:1`, ...more });
const port = (containerPort: number, protocol?: string) => ({ containerPort, protocol });

const cases: Array<[string, string, object]> = [
  ['a pod', 'V1Pod', { metadata: { labels: { b: '1', 'a/"é': '2' } }, spec: { containers: [container('x')] } }],
  ['nothing at all', 'V1Pod', {}],
  [
    'lists with keys out of order',
    'V1Pod',
    { spec: { containers: ['z', 'a', 'M', 'a"\\'].map((name) => container(name)) } },
  ],
  ['keys that stand twice', 'V1Pod', { spec: { containers: [container('x'), container('x')] } }],
  [
    'keys of several fields, with defaults',
    'V1Pod',
    { spec: { containers: [container('x', { ports: [port(9), port(10, 'UDP'), port(9, 'UDP'), port(10)] })] } },
  ],
  ['sets', 'V1Pod', { metadata: { finalizers: ['b', 'a'] }, spec: { containers: [] } }],
  ['empty structures', 'V1Pod', { spec: { volumes: [{ name: 'v', emptyDir: {} }], securityContext: {} } }],
  ['status, which is not the writer’s', 'V1Pod', { status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] } }],
  ['maps', 'V1ConfigMap', { data: { z: '1', a: '' }, binaryData: { b: 'eA==' }, immutable: true }],
  ['atomic structures', 'V1Deployment', { spec: { selector: { matchLabels: { a: 'b' } }, replicas: 0 } }],
];

describe('fields of a creator', () => {
  it.each(cases)('are those of the general way: %s', (_name, typeName, fields) => {
    const type = schema.type(typeName);
    const gvk = { group: '', version: 'v1', kind: 'Thing' };
    const object: KubeObject = conformObject(
      { metadata: { name: 'n', uid: 'u' }, ...structuredClone(fields) },
      { type, gvk },
    ).object;
    const resetFields = resetFieldsOf({ group: '', plural: 'things', hasStatus: true });
    const context = { type, manager: 'm', apiVersion: 'v1', time: '2024-01-01T00:00:00Z', resetFields };
    const owners = ownersAfterUpdate(new Map(), { before: zeroObject(type), after: object }, context);
    updateManagedFields(undefined, object, context);
    const written = object.metadata?.managedFields?.map((entry) => JSON.stringify(entry));
    expect(written).toEqual(
      owners.size === 0 ? undefined : [...owners.values()].map((owner) => JSON.stringify(owner.toEntry())),
    );
  });
});
