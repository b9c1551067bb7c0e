import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { relocationAnnotation } from '../../../libs/api/kinds/pod/relocation.ts';
import type { Clock } from '../../../libs/base/clock.ts';
import type { Move } from '../../../libs/scheduling/foresight/rebalance.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import type { Api, ApiAnswer } from '../api.ts';
import type { Workload } from './mover.ts';
import { move, putBackLeftovers } from './moving.ts';

const costKey = 'controller.kubernetes.io/pod-deletion-cost';
const replicas = 3;

interface Script {
  /** Where new pods land, and whether they get ready. */
  landsOn?: string;
  getsReady?: boolean;
  /** How many evictions the budget grants before it refuses. */
  evictionsGranted?: number;
  /** Runs once there is one replica more. */
  onSurge?(cluster: FakeCluster): void;
}

/** One ReplicaSet, its controller and the answers of the API about them. */
class FakeCluster {
  readonly set: Workload;
  pods: V1Pod[] = [];
  fewestReady = replicas;
  private version = 1;
  private made = 0;
  private evictions = 0;
  private readonly script: Script;

  constructor(script: Script) {
    this.script = script;
    const metadata = { name: 'web', namespace: 'default', uid: 'uid-web', generation: 1, resourceVersion: '1' };
    this.set = { metadata, spec: { replicas } };
    for (let at = 0; at < replicas; at++) this.make('n1', true);
    this.reconcile();
  }

  private make(node: string, isReady: boolean): void {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'uid-web', controller: true };
    const pod = makePod(`web-${this.made++}`)
      .owner(owner)
      .on(node);
    this.pods.push(isReady ? pod.ready().build() : pod.build());
  }

  private ready = () => this.pods.filter(({ status }) => status?.conditions?.some(({ status: is }) => is === 'True'));

  reconcile(): void {
    const wanted = this.set.spec?.replicas ?? 0;
    while (this.pods.length < wanted) this.make(this.script.landsOn ?? 'n2', this.script.getsReady ?? true);
    const isReady = new Set(this.ready());
    const cost = ({ metadata }: V1Pod) => Number(metadata?.annotations?.[costKey] ?? 0);
    const inOrder = [...this.pods].sort((a, b) => Number(isReady.has(a)) - Number(isReady.has(b)) || cost(a) - cost(b));
    this.pods = inOrder.slice(Math.max(0, this.pods.length - wanted));
    const now = { replicas: this.pods.length, readyReplicas: this.ready().length };
    this.set.status = { ...now, observedGeneration: this.set.metadata?.generation };
    this.fewestReady = Math.min(this.fewestReady, now.readyReplicas);
  }

  private patchSet(patch: Workload): ApiAnswer {
    const { metadata = {}, spec } = this.set;
    if (patch.metadata?.resourceVersion !== metadata.resourceVersion)
      return { code: 409, body: { message: 'changed' } };
    const annotations = Object.entries({ ...metadata.annotations, ...patch.metadata?.annotations });
    metadata.annotations = Object.fromEntries(annotations.filter(([, value]) => value !== null));
    metadata.resourceVersion = String(++this.version);
    if (patch.spec !== undefined) Object.assign(spec!, patch.spec);
    this.reconcile();
    if (metadata.annotations[relocationAnnotation] !== undefined) this.script.onSurge?.(this);
    return { code: 200, body: {} };
  }

  send = async (method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    if (path.includes('/eviction')) {
      const granted = this.evictions++ < (this.script.evictionsGranted ?? 9);
      return granted ? { code: 201, body: {} } : { code: 429, body: { message: 'the budget is spent' } };
    }
    if (method === 'PATCH' && path.includes('/replicasets/')) return this.patchSet(body as Workload);
    const pod = this.pods.find(({ metadata }) => path.endsWith(`/pods/${metadata?.name}`));
    if (method === 'PATCH' && pod !== undefined) {
      pod.metadata!.annotations = { ...pod.metadata!.annotations, ...(body as V1Pod).metadata?.annotations };
      return { code: 200, body: {} };
    }
    return { code: 404, body: {} };
  };

  ask = async (_: string, path: string): Promise<object> => {
    if (path.endsWith('/replicasets/web')) return structuredClone(this.set);
    if (path.endsWith('/pods')) return { items: structuredClone(this.pods) };
    return { items: path.endsWith('/replicasets') ? [structuredClone(this.set)] : [] };
  };
}

/** A clock under which waiting takes no time. */
function quickClock(): Clock {
  let time = 0;
  return {
    now: () => time,
    monotonic: () => time,
    setTimer(ms, run) {
      time += ms;
      setImmediate(run);
      return { cancel() {} };
    },
  };
}

function run(script: Script, signal = new AbortController().signal) {
  const cluster = new FakeCluster(script);
  const mover = { kind: 'ReplicaSet', namespace: 'default', name: 'web', uid: 'uid-web' } as const;
  const one: Move = { pod: 'default/web-0', uid: 'uid-web-0', mover, from: 'n1', to: 'n2', why: '' };
  const moving = { api: cluster as unknown as Api, clock: quickClock(), readyMsMax: 5_000, signal };
  return { cluster, result: move(one, moving) };
}

const names = ({ pods }: FakeCluster) => pods.map(({ metadata }) => metadata?.name).sort();

describe('moving a pod', () => {
  it('starts its replacement first and ends with as many as before', async () => {
    const { cluster, result } = run({});
    expect(await result).toBeUndefined();
    expect(names(cluster)).toEqual(['web-1', 'web-2', 'web-3']);
    expect(cluster.fewestReady).toBe(replicas);
    expect(cluster.set).toMatchObject({ spec: { replicas }, metadata: { annotations: {} } });
  });

  const aborted = AbortSignal.abort();
  it.each<{ name: string; script: Script; signal?: AbortSignal; why: string }>([
    { name: 'lands elsewhere', script: { landsOn: 'n3' }, why: 'its replacement was placed on n3' },
    { name: 'never gets ready', script: { getsReady: false }, why: 'its replacement was not ready after 5 s' },
    { name: 'may not go by its budget', script: { evictionsGranted: 0 }, why: 'the budget is spent' },
    { name: 'may no longer go by its budget', script: { evictionsGranted: 1 }, why: 'the budget is spent' },
    { name: 'is interrupted', script: {}, signal: aborted, why: 'it was interrupted' },
  ])('leaves everything as it was when it $name', async ({ script, signal, why }) => {
    const { cluster, result } = run(script, signal);
    expect(await result).toBe(why);
    expect(cluster.pods).toHaveLength(replicas);
    expect(names(cluster)).toContain('web-0');
    expect(cluster.fewestReady).toBe(replicas);
    expect(cluster.set).toMatchObject({ spec: { replicas } });
    expect(cluster.set.metadata?.annotations?.[relocationAnnotation]).toBeUndefined();
    expect(
      cluster.pods.find(({ metadata }) => metadata?.name === 'web-0')?.metadata?.annotations?.[costKey] ?? null,
    ).toBeNull();
  });

  it('leaves the size that somebody else has set meanwhile', async () => {
    const onSurge = (cluster: FakeCluster) => {
      cluster.set.spec!.replicas = 7;
      cluster.reconcile();
    };
    const { cluster, result } = run({ onSurge });
    await result;
    expect(cluster.set).toMatchObject({ spec: { replicas: 7 }, metadata: { annotations: {} } });
  });

  it.each([
    [
      'a replica is missing',
      (set: Workload) => Object.assign(set.status!, { readyReplicas: 2 }),
      'not all of its replicas are ready',
    ],
    [
      'its controller is behind',
      (set: Workload) => Object.assign(set.metadata!, { generation: 2 }),
      'its controller has yet to look at it',
    ],
    [
      'another pod is being moved',
      (set: Workload) => {
        const mark = JSON.stringify({ pod: 'b', uid: 'u', to: 'n', replicas: 3 });
        Object.assign(set.metadata!, { annotations: { [relocationAnnotation]: mark } });
      },
      'another pod of it is being moved',
    ],
  ])('is not begun when %s', async (_, change, why) => {
    const { cluster } = run({ evictionsGranted: 0 });
    change(cluster.set);
    const mover = { kind: 'ReplicaSet', namespace: 'default', name: 'web', uid: 'uid-web' } as const;
    const one: Move = { pod: 'default/web-0', uid: 'uid-web-0', mover, from: 'n1', to: 'n2', why: '' };
    const moving = {
      api: cluster as unknown as Api,
      clock: quickClock(),
      readyMsMax: 1,
      signal: new AbortController().signal,
    };
    expect(await move(one, moving)).toBe(why);
    expect(cluster.set.spec?.replicas).toBe(replicas);
  });

  it('that was killed is ended by the next run: the replica that is not ready goes', async () => {
    const cluster = new FakeCluster({ getsReady: false });
    const mark = JSON.stringify({ pod: 'web-0', uid: 'uid-web-0', to: 'n2', replicas });
    cluster.set.metadata!.annotations = { [relocationAnnotation]: mark };
    cluster.set.spec!.replicas = replicas + 1;
    cluster.reconcile();
    expect(cluster.pods).toHaveLength(replicas + 1);
    const told = await putBackLeftovers(cluster as unknown as Api);
    expect(told).toEqual(['ReplicaSet default/web: ended the move of pod web-0']);
    expect(names(cluster)).toEqual(['web-0', 'web-1', 'web-2']);
    expect(await putBackLeftovers(cluster as unknown as Api)).toEqual([]);
  });
});
