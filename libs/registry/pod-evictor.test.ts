import { makePod } from '../../test/support/make-pod.ts';
import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { CoreV1Event, V1Pod } from '../api/gen/types.ts';
import { pods } from '../api/kinds/pod.ts';
import { services } from '../api/kinds/service.ts';
import { loopbackUser } from '../auth/user.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import type { GuardFailedError } from '../store/store.ts';
import { PodBinder } from './binder.ts';
import { PodEvents } from './pod-events.ts';
import { PodEvictor } from './pod-evictor.ts';

const caller = { user: loopbackUser, warn: () => {} };
const reasonOf = (error: Error | undefined) => error && 'reason' in error && error.reason;

let scratch: ScratchRegistry;
beforeEach(async () => {
  scratch = await openScratchRegistry();
});
afterEach(() => scratch.close());

/** A pod on a node, with a grace period of no seconds unless it says otherwise. */
async function addPod(name: string, change: { grace?: number; finalizers?: string[] } = {}): Promise<V1Pod> {
  const { spec } = makePod(name).build();
  const metadata = { name, namespace: 'x', finalizers: change.finalizers };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...spec, nodeName: undefined } };
  pod.spec = { ...pod.spec, terminationGracePeriodSeconds: change.grace ?? 0 } as typeof pod.spec;
  await scratch.service('pods').create({ namespace: 'x' }, bodyOf(pod), asks());
  const { mirror, registry } = scratch;
  const binder = new PodBinder({ mirror, writer: registry.writer, clock: systemClock });
  expect(await binder.bindAll([{ namespace: 'x', name, nodeName: 'n' }])).toEqual([undefined]);
  return podAt(name)!;
}

const podAt = (name: string) => scratch.mirror.collection('', 'pods').get(`x/${name}`)?.object as V1Pod | undefined;
const removal = (name: string) => ({ at: { namespace: 'x', name }, request: { ...caller, dryRun: false } });

describe('pods that have to make room', () => {
  async function evict(victims: readonly V1Pod[]) {
    const { writer } = scratch.registry;
    const events = new PodEvents({ writer, clock: systemClock, random: seededRandom(3), logger: silentLogger });
    const evictor = new PodEvictor({ pods: scratch.registry.stored(pods), events, caller });
    const reportedBy = 'default-scheduler';
    const errors = await evictor.evictAll(victims.map((pod) => ({ pod, message: 'Preempted by pod u', reportedBy })));
    await events.flush();
    const { documents } = await scratch.service('events').list({ namespace: 'x' });
    const told = documents.map((document) => document.object as CoreV1Event);
    return { errors: errors.map(reasonOf), told };
  }

  it('leave together, and people are told why', async () => {
    const victims = [await addPod('a'), await addPod('b')];
    const before = scratch.mirror.revision;
    const { errors, told } = await evict(victims);
    expect(errors).toEqual([undefined, undefined]);
    expect([podAt('a'), podAt('b')]).toEqual([undefined, undefined]);
    // Two removals and two events.
    expect(scratch.mirror.revision).toBe(before + 4);
    expect(told.map(({ involvedObject }) => involvedObject.uid)).toEqual(victims.map(({ metadata }) => metadata?.uid));
    expect(told[0]).toMatchObject({ type: 'Normal', reason: 'Preempted', action: 'Preempting' });
  });

  it('keep their grace period and their finalizers', async () => {
    const victims = [
      await addPod('a'),
      await addPod('slow', { grace: 20 }),
      await addPod('held', { finalizers: ['x.y/z'] }),
    ];
    expect((await evict(victims)).errors).toEqual([undefined, undefined, undefined]);
    expect(podAt('a')).toBeUndefined();
    expect(podAt('slow')?.metadata?.deletionGracePeriodSeconds).toBe(20);
    expect(podAt('held')?.metadata?.deletionTimestamp).toEqual(expect.any(String));
  });

  it('stay when they came later under the same name, and nobody is told of those that had gone', async () => {
    const gone = await addPod('gone');
    const replaced = await addPod('again');
    const kept = await addPod('kept');
    for (const name of ['gone', 'again']) await scratch.service('pods').delete({ namespace: 'x', name }, deletes());
    await addPod('again');
    const { errors, told } = await evict([gone, replaced, kept]);
    expect(errors).toEqual(['NotFound', 'Conflict', undefined]);
    expect(podAt('again')).toBeDefined();
    expect(told.map(({ involvedObject }) => involvedObject.name)).toEqual(['kept']);
  });
});

describe('deletions of many', () => {
  it('are more than one transaction takes', async () => {
    const names = Array.from({ length: 150 }, (_, at) => `p-${at}`);
    for (const name of names) await addPod(name);
    const errors = await scratch.registry.stored(pods).deleteAll(names.map(removal));
    expect(new Set(errors)).toEqual(new Set([undefined]));
    expect(scratch.mirror.collection('', 'pods').size).toBe(0);
  });

  it('are those of a collection; one that is refused holds up what comes in later groups alone', async () => {
    for (const name of ['a', 'b', 'c']) await addPod(name);
    const service = scratch.service('pods');
    const uid = podAt('b')?.metadata?.uid ?? '';
    const only = service.deleteCollection({ namespace: 'x' }, deletes({ preconditions: { uid } }));
    await expect(only).rejects.toMatchObject({ reason: 'Conflict' });
    expect(['a', 'b', 'c'].map((name) => podAt(name) !== undefined)).toEqual([true, false, true]);
    const { documents } = await service.deleteCollection({ namespace: 'x' }, deletes());
    expect(documents).toHaveLength(2);
    expect(scratch.mirror.collection('', 'pods').size).toBe(0);
  });

  it('answer the second of two for one object as if it had come later', async () => {
    await addPod('a');
    const errors = await scratch.registry.stored(pods).deleteAll(['a', 'a'].map(removal));
    expect(errors.map(reasonOf)).toEqual([undefined, 'NotFound']);
  });

  it('look again at what changes meanwhile, and at nothing else', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await addPod(name);
    const label = (name: string) => {
      const body = { metadata: { labels: { changed: 'meanwhile' } } };
      const patch = { ...asks(), type: 'merge', body, complaints: [], force: false } as const;
      return scratch.service('pods').patch({ namespace: 'x', name }, patch);
    };
    const commit = scratch.store.commit.bind(scratch.store);
    const commits: Array<{ keys: number; failed: string[] }> = [];
    const restore = () => {
      scratch.store.commit = commit;
    };
    // Somebody else writes `b` before the first transaction of the deletions, and `c` before the second.
    const changing = ['b', 'c'];
    scratch.store.commit = async (transaction) => {
      const ours = scratch.store.commit;
      restore();
      const next = changing.shift();
      if (next) await label(next);
      scratch.store.commit = ours;
      const seen = { keys: transaction.guards.length, failed: [] as string[] };
      commits.push(seen);
      return commit(transaction).catch((error: GuardFailedError) => {
        seen.failed = error.current.map(({ key }) => key);
        throw error;
      });
    };
    const errors = await scratch.registry.stored(pods).deleteAll(names.map(removal));
    restore();
    expect(errors).toEqual(names.map(() => undefined));
    expect(scratch.mirror.collection('', 'pods').size).toBe(0);
    const together = commits.filter(({ keys, failed }) => keys > 1 || failed.length > 0);
    expect(together).toEqual([
      { keys: 4, failed: ['/registry/core/pods/x/b'] },
      { keys: 3, failed: ['/registry/core/pods/x/c'] },
      { keys: 2, failed: [] },
    ]);
    expect(commits.filter(({ keys }) => keys === 1)).toHaveLength(2);
  });

  it('change nothing in a trial', async () => {
    await addPod('a');
    const { at, request } = removal('a');
    expect(await scratch.registry.stored(pods).deleteAll([{ at, request: { ...request, dryRun: true } }])).toEqual([
      undefined,
    ]);
    expect(podAt('a')).toBeDefined();
  });

  it('give back what objects held, such as addresses', async () => {
    const service = (clusterIP?: string) => {
      const spec = { ports: [{ port: 80 }], ...(clusterIP && { clusterIP }) };
      return bodyOf({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'x' }, spec } as never);
    };
    await scratch.service('services').create({ namespace: 'x' }, service('10.96.0.77'), asks());
    expect(await scratch.registry.stored(services).deleteAll([removal('s')])).toEqual([undefined]);
    await scratch.service('services').create({ namespace: 'x' }, service('10.96.0.77'), asks());
  });
});
