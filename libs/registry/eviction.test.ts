import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod, V1PodDisruptionBudget } from '../api/gen/types.ts';
import { systemClock } from '../base/clock.ts';
import { mirrorReader } from '../cache/object-reader.ts';
import { evictionCreator } from './eviction.ts';

const budgets = 'policy/v1/poddisruptionbudgets';
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const unready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };

let scratch: ScratchRegistry;
beforeEach(async () => {
  scratch = await openScratchRegistry();
});
afterEach(() => scratch.close());

async function addPod(name: string, status: object = ready, more: object = {}) {
  const spec = { containers: [{ name: 'main', image: 'x' }], nodeName: 'n1', terminationGracePeriodSeconds: 0 };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...more, name, labels: { app: 'web' } }, spec };
  await scratch.service('pods').create({ namespace: 'x' }, bodyOf(pod), asks());
  await patchStatus('pods', name, status);
}

async function addBudget(name: string, status: object, spec: object = {}) {
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'x' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } }, ...spec },
  };
  await scratch.service(budgets).create({ namespace: 'x' }, bodyOf(budget), asks());
  await patchStatus(budgets, name, { observedGeneration: 1, expectedPods: 2, ...status });
}

const patchStatus = (path: string, name: string, status: object) => {
  const request = { ...asks({ subresource: 'status' }), type: 'merge' as const, complaints: [], force: false };
  return scratch.service(path).patch({ namespace: 'x', name }, { ...request, body: { status } });
};

function evict(name: string, dryRun = false, deleteOptions?: object) {
  const served = {
    definition: scratch.registry.resource('', 'v1', 'pods')!.definition,
    service: scratch.service('pods'),
  };
  const parts = { objects: mirrorReader(scratch.mirror), budgets: scratch.service(budgets), clock: systemClock };
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'x' }, deleteOptions };
  return evictionCreator(parts)({ at: { namespace: 'x', name }, body, served, request: asks({ dryRun }) });
}

const stands = async (name: string) => {
  const { documents } = await scratch.service('pods').list({ namespace: 'x' });
  return documents.some(({ object }) => object.metadata?.name === name);
};
const statusOf = async (name: string) =>
  ((await scratch.service(budgets).get({ namespace: 'x', name })).object as V1PodDisruptionBudget).status!;

describe('an eviction', () => {
  const healthy = { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 };
  it("is nobody's on the pod, and the server's on its budget", async () => {
    await addBudget('b', healthy);
    await addPod('held', ready, { finalizers: ['example.org/f'] });
    const managers = async (path: string, name: string) => {
      const { object } = await scratch.service(path).get({ namespace: 'x', name });
      return object.metadata?.managedFields?.map(({ manager, subresource }) => [manager, subresource]);
    };
    const before = await managers('pods', 'held');
    await evict('held');
    expect(await managers('pods', 'held')).toEqual(before);
    expect(await managers(budgets, 'b')).toContainEqual(['kube-apiserver', 'status']);
  });

  const exhausted = { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 };

  it('without a budget deletes the pod', async () => {
    await addPod('a');
    await evict('a');
    expect(await stands('a')).toBe(false);
  });

  it('spends one disruption, and the next is refused with the numbers', async () => {
    await addPod('a');
    await addPod('b');
    await addBudget('web', healthy);
    await evict('a', true);
    expect(await statusOf('web')).toMatchObject({ disruptionsAllowed: 1 });
    await evict('a');
    expect(await stands('a')).toBe(false);
    expect(await statusOf('web')).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { a: expect.any(String) } });
    await expect(evict('b')).rejects.toMatchObject({
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget web does not allow evicting pods currently',
          },
        ],
      },
    });
    expect(await stands('b')).toBe(true);
  });

  it('that comes with many others at once never spends more than there is', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names) await addPod(name);
    await addBudget('web', { ...healthy, disruptionsAllowed: 2 });
    const outcomes = await Promise.allSettled(names.map((name) => evict(name)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await statusOf('web')).toMatchObject({ disruptionsAllowed: 0 });
  });

  it.each<{ name: string; pod: V1Pod['status'] & object; status: object; spec?: object; goes: boolean }>([
    { name: 'a pod that has ended', pod: { phase: 'Failed' }, status: exhausted, goes: true },
    { name: 'a pod that has not started', pod: { phase: 'Pending' }, status: exhausted, goes: true },
    { name: 'an unready pod while enough are healthy', pod: unready, status: exhausted, goes: true },
    {
      name: 'an unready pod while too few are healthy',
      pod: unready,
      status: { ...exhausted, currentHealthy: 0 },
      goes: false,
    },
    {
      name: 'an unready pod whose budget lets such go',
      pod: unready,
      status: { ...exhausted, currentHealthy: 0 },
      spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      goes: true,
    },
    { name: 'a ready pod', pod: ready, status: exhausted, goes: false },
    { name: 'a budget not counted yet', pod: ready, status: { ...healthy, observedGeneration: 0 }, goes: false },
  ])('of $name', async ({ pod, status, spec, goes }) => {
    await addPod('a', pod);
    await addBudget('web', status, spec);
    if (goes) await evict('a');
    else await expect(evict('a')).rejects.toMatchObject({ code: 429 });
    expect(await stands('a')).toBe(!goes);
  });

  it('marks the pod with why it goes', async () => {
    await addPod('a', { phase: 'Pending' }, { finalizers: ['example.com/stay'] });
    await evict('a');
    const { status } = (await scratch.service('pods').get({ namespace: 'x', name: 'a' })).object as V1Pod;
    expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    });
  });

  it('tells the numbers when too few are healthy, and the condition when the last one is spent', async () => {
    await addPod('a');
    await addPod('b');
    await addBudget('web', { ...exhausted, desiredHealthy: 2 });
    const message = 'The disruption budget web needs 2 healthy pods and has 1 currently';
    await expect(evict('a')).rejects.toMatchObject({ details: { causes: [{ reason: 'DisruptionBudget', message }] } });
    await patchStatus(budgets, 'web', { ...healthy, disruptionsAllowed: 1 });
    await evict('a');
    expect((await statusOf('web')).conditions).toMatchObject([
      { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' },
    ]);
  });

  it('keeps to the version that it names', async () => {
    await addPod('a');
    const stale = { preconditions: { resourceVersion: '1' } };
    await expect(evict('a', false, stale)).rejects.toMatchObject({ reason: 'Conflict' });
    const { revision } = await scratch.service('pods').get({ namespace: 'x', name: 'a' });
    await evict('a', false, { preconditions: { resourceVersion: String(revision) } });
    expect(await stands('a')).toBe(false);
  });

  it('is refused when two budgets speak of the pod', async () => {
    await addPod('a');
    await addBudget('one', healthy);
    await addBudget('two', healthy);
    await expect(evict('a')).rejects.toMatchObject({ code: 500, message: /more than one PodDisruptionBudget/ });
  });
});
