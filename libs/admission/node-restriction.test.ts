import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { KubeObject } from '../api/meta.ts';

const user = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };

describe('the credentials of a node', () => {
  let scratch: ScratchRegistry;
  let uid: string;

  const create = (plural: string, object: object, more: object = {}) =>
    scratch.service(plural).create(plural === 'nodes' ? {} : { namespace: 'x' }, bodyOf(object), asks(more));
  const node = (name: string, labels: object = {}) => ({ kind: 'Node', apiVersion: 'v1', metadata: { name, labels } });
  const pod = (name: string, more: object = {}, metadata: object = {}) => ({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...more },
  });
  const mirror = () => ({
    annotations: { 'kubernetes.io/config.mirror': 'x' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true }],
  });
  const patch = (plural: string, name: string, body: object, subresource?: string) => {
    const request = { ...asks({ user, subresource }), type: 'merge' as const, complaints: [], force: false };
    return scratch
      .service(plural)
      .patch({ namespace: plural === 'nodes' ? undefined : 'x', name }, { ...request, body });
  };

  beforeEach(async () => {
    scratch = await openScratchRegistry();
    const { object } = (await create('nodes', node('n1', { zone: 'z' }))) as { object: KubeObject };
    uid = object.metadata?.uid ?? '';
    await create('pods', pod('mine', { nodeName: 'n1' }));
    await create('pods', pod('other', { nodeName: 'n2' }));
  });

  afterEach(() => scratch.close());

  const allowed: Array<{ name: string; act: () => Promise<unknown> }> = [
    { name: 'the status of its pods', act: () => patch('pods', 'mine', { status: { phase: 'Running' } }, 'status') },
    {
      name: 'the end of its pods',
      act: () => scratch.service('pods').delete({ namespace: 'x', name: 'mine' }, deletes({ user })),
    },
    { name: 'its static pods', act: () => create('pods', pod('s', { nodeName: 'n1' }, mirror()), { user }) },
    {
      name: 'its own labels',
      act: () => patch('nodes', 'n1', { metadata: { labels: { 'kubernetes.io/arch': 'arm64', rack: '5' } } }),
    },
  ];
  it.each(allowed)('allow to write $name', ({ act }) => act());

  const refused: Array<{ name: string; act: () => Promise<unknown>; message: RegExp }> = [
    {
      name: 'any other pod',
      act: () => create('pods', pod('p', { nodeName: 'n1' }), { user }),
      message: /node "n1" can only create mirror pods/,
    },
    {
      name: 'static pods of others',
      act: () => create('pods', pod('p', { nodeName: 'n2' }, mirror()), { user }),
      message: /node "n1" can only create pods with spec.nodeName set to itself/,
    },
    {
      name: 'static pods with secrets',
      act: () => {
        const volumes = [{ name: 'v', secret: { secretName: 's' } }];
        return create('pods', pod('p', { nodeName: 'n1', volumes }, mirror()), { user });
      },
      message: /can not create pods that reference secrets/,
    },
    {
      name: 'the status of others',
      act: () => patch('pods', 'other', { status: { phase: 'Failed' } }, 'status'),
      message: /can only update pod status for pods with spec.nodeName set to itself/,
    },
    {
      name: 'the end of others',
      act: () => scratch.service('pods').delete({ namespace: 'x', name: 'other' }, deletes({ user })),
      message: /can only delete pods with spec.nodeName set to itself/,
    },
    {
      name: 'its own taints',
      act: () => patch('nodes', 'n1', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
      message: /is not allowed to modify taints/,
    },
    {
      name: 'labels that draw workloads',
      act: () => patch('nodes', 'n1', { metadata: { labels: { 'node-restriction.kubernetes.io/team': 'a' } } }),
      message: /is not allowed to modify labels: node-restriction.kubernetes.io\/team/,
    },
    {
      name: 'other nodes',
      act: () => create('nodes', node('n3'), { user }),
      message: /node "n1" is not allowed to modify node "n3"/,
    },
  ];
  it.each(refused)('refuse to write $name', async ({ act, message }) => {
    await expect(act()).rejects.toMatchObject({ reason: 'Forbidden', message: expect.stringMatching(message) });
  });
});
