import { startControllers } from '../../../test/support/controller-world.ts';
import type { V1Pod, V1PodDisruptionBudget } from '../../api/gen/types.ts';
import { customresourcedefinitions } from '../../api/kinds/customresourcedefinition.ts';
import { events } from '../../api/kinds/event.ts';
import { pods } from '../../api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../api/kinds/poddisruptionbudget.ts';
import { replicasets } from '../../api/kinds/replicaset.ts';
import { rfc3339 } from '../../base/clock.ts';
import { computeStatus } from './compute.ts';
import { newDisruptionController } from './reconcile.ts';
import { newStaleTargetController } from './stale-targets.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const ago = (seconds: number) => rfc3339(nowMs - seconds * 1000);

const podOf = (name: string, { ready = true, more = {} }: { ready?: boolean; more?: object } = {}): V1Pod => ({
  metadata: { name, namespace: 'default', labels: { app: 'web' }, ...more },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

const budgetOf = (spec: object, status: object = {}) =>
  ({
    metadata: { name: 'b', namespace: 'default', generation: 2 },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    status,
  }) as V1PodDisruptionBudget;

describe('the status of a budget', () => {
  const three = [podOf('a'), podOf('b'), podOf('c')];
  const cases: Array<{
    name: string;
    spec: object;
    pods?: V1Pod[];
    expected?: number;
    disruptedPods?: Record<string, string>;
    want: object;
  }> = [
    { name: 'of a number available', spec: { minAvailable: 2 }, want: { disruptionsAllowed: 1, desiredHealthy: 2 } },
    {
      name: 'of a share available, rounded up',
      spec: { minAvailable: '50%' },
      expected: 3,
      want: { disruptionsAllowed: 1, desiredHealthy: 2, expectedPods: 3 },
    },
    {
      name: 'of a number unavailable',
      spec: { maxUnavailable: 1 },
      expected: 5,
      want: { disruptionsAllowed: 0, desiredHealthy: 4, expectedPods: 5, currentHealthy: 3 },
    },
    {
      name: 'of more unavailable than there are',
      spec: { maxUnavailable: 9 },
      expected: 3,
      want: { disruptionsAllowed: 3, desiredHealthy: 0 },
    },
    { name: 'that asks for nothing', spec: {}, expected: 3, want: { disruptionsAllowed: 0, expectedPods: 0 } },
    {
      name: 'without pods',
      spec: { minAvailable: 0 },
      pods: [],
      want: { disruptionsAllowed: 0, expectedPods: 0, conditions: [{ status: 'False', reason: 'InsufficientPods' }] },
    },
    {
      name: 'with unready pods and pods that go',
      spec: { minAvailable: 1 },
      pods: [podOf('a'), podOf('b', { ready: false }), podOf('c', { more: { deletionTimestamp: ago(1) } })],
      want: { currentHealthy: 1, expectedPods: 3, disruptionsAllowed: 0 },
    },
    {
      name: 'with evictions granted, those of late',
      spec: { minAvailable: 1 },
      disruptedPods: { a: ago(10), b: ago(130), gone: ago(10) },
      want: {
        currentHealthy: 2,
        disruptionsAllowed: 1,
        disruptedPods: { a: ago(10) },
        conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', observedGeneration: 2 }],
      },
    },
  ];
  it.each(cases)('$name', ({ spec, pods: selected = three, expected = 0, disruptedPods, want }) => {
    const budget = budgetOf(spec, { disruptedPods });
    expect(computeStatus({ budget, pods: selected, expected }, nowMs).status).toMatchObject(want);
  });

  it('tells which pods should have gone, and when to look again', () => {
    const budget = budgetOf({ minAvailable: 1 }, { disruptedPods: { a: ago(100), b: ago(130) } });
    const { changesInMs, remaining } = computeStatus({ budget, pods: three, expected: 0 }, nowMs);
    expect(changesInMs).toBe(20_000);
    expect(remaining.map(({ metadata }) => metadata?.name)).toEqual(['b']);
  });
});

describe('the disruption controllers', () => {
  function startWorld() {
    const world = startControllers((context) => [newDisruptionController(context), newStaleTargetController(context)]);
    const { client } = world;
    const status = async () =>
      (await client.get(poddisruptionbudgets, { namespace: 'default', name: 'b' })).status as Record<string, unknown>;
    return { ...world, status };
  }
  const ownedBy = (apiVersion: string, kind: string, uid: string) => ({
    ownerReferences: [{ apiVersion, kind, name: 'o', uid, controller: true }],
  });

  it('count by the sizes of controllers, and tell of pods that have none', async () => {
    const { client, clock, status, stop } = startWorld();
    const owner = await client.create(replicasets, {
      metadata: { name: 'o', namespace: 'default' },
      spec: { replicas: 4, selector: {} },
    });
    const more = ownedBy('apps/v1', 'ReplicaSet', owner.metadata?.uid ?? '');
    for (const name of ['a', 'b', 'c']) await client.create(pods, podOf(name, { more }));
    await client.create(pods, podOf('alone'));
    await client.create(poddisruptionbudgets, budgetOf({ maxUnavailable: '50%' }));
    await clock.advance(1000);
    expect(await status()).toMatchObject({ expectedPods: 4, desiredHealthy: 2, currentHealthy: 4 });
    expect(client.peek(events).map(({ reason }) => reason)).toContain('UnmanagedPods');
    await stop();
  });

  it('count by the scale of custom kinds, and grant nothing where there is none', async () => {
    const { client, clock, status, stop } = startWorld();
    const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
    await client.create(customresourcedefinitions, {
      metadata: { name: 'sets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Set', plural: 'sets' },
        versions: [{ name: 'v1', served: true, storage: true, subresources: { scale } }],
      },
    });
    const resource = { group: 'example.com', version: 'v1', kind: 'Set', plural: 'sets', namespaced: true };
    const spec = { size: 3 };
    const owner = await client.create(resource, { metadata: { name: 'o', namespace: 'default' }, spec } as object);
    const uid = (owner as V1Pod).metadata?.uid ?? '';
    await client.create(pods, podOf('a', { more: ownedBy('example.com/v1', 'Set', uid) }));
    await client.create(poddisruptionbudgets, budgetOf({ maxUnavailable: 1 }));
    await clock.advance(1000);
    expect(await status()).toMatchObject({ expectedPods: 3, desiredHealthy: 2 });
    await client.create(pods, podOf('b', { more: ownedBy('batch/v1', 'Job', 'j') }));
    await clock.advance(1000);
    expect(await status()).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [
        { status: 'False', reason: 'SyncFailed', message: 'jobs.batch does not implement the scale subresource' },
      ],
    });
    await stop();
  });

  it('take back what was said of a pod that does not go', async () => {
    const { client, clock, stop } = startWorld();
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };
    const since = rfc3339(clock.now());
    const pod = podOf('a');
    const conditions = [...(pod.status?.conditions ?? []), { ...condition, lastTransitionTime: since }];
    await client.create(pods, { ...pod, status: { ...pod.status, conditions } });
    const target = () =>
      client.peek(pods)[0]?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.status;
    await clock.advance(110_000);
    expect(target()).toBe('True');
    await clock.advance(15_000);
    expect(target()).toBe('False');
    await stop();
  });
});
