import { startControllers } from '../../../test/support/controller-world.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Taint, V1Toleration } from '../../api/gen/types.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { rfc3339 } from '../../base/clock.ts';
import { newTaintEvictionController } from './reconcile.ts';

const noExecute = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
const noSchedule = { key: 'x', effect: 'NoSchedule' };
const forAMinute = [{ operator: 'Exists', tolerationSeconds: 60 }];

function startWorld() {
  const world = startControllers((context) => [newTaintEvictionController(context)]);
  const { client, clock } = world;
  const since = (taint: V1Taint) => ({ ...taint, timeAdded: rfc3339(clock.now()) });
  const addNode = (name: string, ...taints: V1Taint[]) =>
    client.create(nodes, { metadata: { name }, spec: { taints: taints.map(since) } });
  const taint = (name: string, ...taints: V1Taint[]) =>
    client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: taints.map(since) } } });
  const addPod = async (name: string, nodeName: string, tolerations: V1Toleration[] = []) => {
    const pod = makePod(name).on(nodeName).build();
    const spec = { ...pod.spec, containers: [], tolerations, terminationGracePeriodSeconds: 0 };
    await client.create(pods, { ...pod, spec });
  };
  const left = () =>
    client
      .peek(pods)
      .filter(({ metadata }) => !metadata?.deletionTimestamp)
      .map(({ metadata }) => metadata?.name);
  return { ...world, addNode, taint, addPod, left };
}

describe('taint eviction', () => {
  it.each([
    { name: 'the taint comes to the pod', pod: 'before', taints: [noExecute], stays: [] },
    { name: 'the pod comes to the taint', pod: 'after', taints: [noExecute], stays: [] },
    { name: 'the pod is known before the node', pod: 'first', taints: [noExecute], stays: [] },
    { name: 'the taint drives nobody away', pod: 'before', taints: [noSchedule], stays: ['a'] },
  ])('$name', async ({ pod, taints, stays }) => {
    const { addNode, taint, addPod, left, settle, stop } = startWorld();
    await settle();
    if (pod === 'first') await addPod('a', 'n1');
    await settle();
    await addNode('n1', ...(pod === 'before' ? [] : taints));
    if (pod === 'before') await addPod('a', 'n1');
    await addNode('n2');
    await addPod('elsewhere', 'n2');
    await settle();
    if (pod === 'before') await taint('n1', ...taints);
    if (pod === 'after') await addPod('a', 'n1');
    await settle();
    expect(left()).toEqual(stays.length > 0 ? ['a', 'elsewhere'] : ['elsewhere']);
    await stop();
  });

  it('lets a pod stay whose taint goes before its time, and takes it when one comes again', async () => {
    const { addNode, taint, addPod, left, clock, settle, stop } = startWorld();
    await addNode('n1', noExecute);
    await addPod('a', 'n1', forAMinute);
    await settle();
    await taint('n1');
    await clock.advance(120_000);
    expect(left()).toEqual(['a']);
    await taint('n1', noExecute);
    await clock.advance(50_000);
    expect(left()).toEqual(['a']);
    await clock.advance(20_000);
    expect(left()).toEqual([]);
    await stop();
  });

  it('looks again when tolerations change', async () => {
    const { client, addNode, addPod, left, settle, stop } = startWorld();
    await addNode('n1', noExecute);
    await addPod('a', 'n1', [{ operator: 'Exists' }]);
    await settle();
    expect(left()).toEqual(['a']);
    const at = { namespace: 'default', name: 'a' };
    await client.patch(pods, at, { type: 'merge', body: { spec: { tolerations: [] } } });
    await settle();
    expect(left()).toEqual([]);
    await stop();
  });
});
