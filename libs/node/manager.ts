import { join } from 'node:path';
import type { V1ConfigMap, V1Pod, V1Secret } from '../api/gen/types.ts';
import { rfc3339 } from '../base/clock.ts';
import { isTerminal } from '../pods/spec.ts';
import { type Refusal, refusePod, refusePressure, refuseResize } from './admission.ts';
import type { WorkerDeps } from './deps.ts';
import { removeCgroup } from './ending.ts';
import { textOf } from './failure.ts';
import type { Mirror, MirrorChange } from './link.ts';
import { referencesOf } from './objects.ts';
import { podsWithFiles, removePodFiles } from './volumes/volumes.ts';
import { PodWorker } from './worker.ts';

/** How often files made from objects are looked at again: tokens age without an event. */
const refreshMs = 60_000;

/** What containers get to end in when the node is short of something. */
const evictionGraceMs = 1_000;

/** One worker per pod of the node, and the cleaning up after pods that are no more. */
export class PodManager {
  readonly #deps: WorkerDeps;
  readonly #pods: Mirror<V1Pod>;
  readonly #workers = new Map<string, PodWorker>();
  readonly #uids = new Map<string, string>();
  readonly #unsubscribe: Array<() => void> = [];
  #timer: { cancel(): void } | undefined;
  #orphansSeen = false;

  constructor(deps: WorkerDeps, pods: Mirror<V1Pod>) {
    this.#deps = deps;
    this.#pods = pods;
  }

  /** Begins; the view must have been listed once. */
  start(): void {
    this.#deps.view.onChange = (uid) => this.#workers.get(uid)?.wake();
    const { configMaps, secrets } = this.#deps.objects;
    this.#unsubscribe.push(
      this.#pods.subscribe((changes) => this.#applyPods(changes)),
      configMaps.subscribe((changes) => this.#referencesChanged('configMaps', changes)),
      secrets.subscribe((changes) => this.#referencesChanged('secrets', changes)),
    );
    this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const worker of this.#workers.values()) worker.stop();
  }

  /** The pods that the node knows of, ended ones included. */
  pods(): V1Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  pod(uid: string): V1Pod | undefined {
    return this.#workers.get(uid)?.pod;
  }

  /** The pods that hold something of the node. */
  activePods(): V1Pod[] {
    return [...this.#workers.values()].filter(({ active }) => active).map(({ granted }) => granted);
  }

  /** Ends a pod because the node is short of something. */
  evict(pod: V1Pod, message: string): void {
    this.#deps.events.pod(pod, { type: 'Warning', reason: 'Evicted', message });
    this.#workers.get(pod.metadata?.uid ?? '')?.fail({ reason: 'Evicted', message, graceMsMax: evictionGraceMs });
  }

  #tick(): void {
    this.#timer = this.#deps.clock.setTimer(refreshMs, () => {
      for (const worker of this.#workers.values()) if (worker.active) worker.refreshVolumes();
      this.#tick();
    });
  }

  #applyPods(changes: ReadonlyArray<MirrorChange<V1Pod>>): void {
    for (const { key, object } of changes) this.#applyPod(key, object);
    if (!this.#orphansSeen && this.#pods.synced) {
      this.#orphansSeen = true;
      this.#applyAll();
      void this.#removeOrphans().catch((error: unknown) => {
        this.#deps.logger.warn('cannot see to the remains of deleted pods', { error: textOf(error) });
      });
    }
  }

  #applyAll(): void {
    for (const pod of this.#pods.list()) this.#applyPod(`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod);
  }

  #applyPod(key: string, pod: V1Pod | undefined): void {
    const uid = pod?.metadata?.uid;
    const before = this.#uids.get(key);
    if (before !== undefined && before !== uid) this.#workers.get(before)?.update(undefined);
    if (!pod || uid === undefined) {
      this.#uids.delete(key);
      return;
    }
    this.#uids.set(key, uid);
    const worker = this.#workers.get(uid);
    if (worker) worker.update(pod);
    else this.#begin(pod, uid);
  }

  #begin(pod: V1Pod, uid: string): void {
    const refusal = this.#refuse(pod, uid);
    const worker = new PodWorker(this.#deps, pod, {
      onGone: () => this.#workers.delete(uid),
      refuseResize: (wanted) => refuseResize(wanted, this.#granted(uid), this.#deps.node),
    });
    this.#workers.set(uid, worker);
    if (!refusal) return;
    const { reason, message } = refusal;
    this.#deps.events.pod(pod, { type: 'Warning', reason, message });
    worker.fail({ reason, message: `Pod was rejected: ${message}`, rejected: true });
  }

  /** Why the node cannot take a new pod; undefined when it can or has taken it already. */
  #refuse(pod: V1Pod, uid: string): Refusal | undefined {
    const settled = isTerminal(pod.status?.phase) || pod.metadata?.deletionTimestamp !== undefined;
    if (settled || pod.status?.startTime || this.#deps.view.pod(uid).sandboxes.length > 0) return undefined;
    return refusePressure(pod, this.#deps.pressure) ?? refusePod(pod, this.#granted(uid), this.#deps.node);
  }

  /** The pods that count against what the node can hold, with what they have been granted; all but one. */
  #granted(exceptUid: string): V1Pod[] {
    const counted = [...this.#workers].filter(([uid, worker]) => uid !== exceptUid && worker.active);
    return counted.map(([, worker]) => worker.granted);
  }

  #referencesChanged(
    kind: 'configMaps' | 'secrets',
    changes: ReadonlyArray<MirrorChange<V1ConfigMap | V1Secret>>,
  ): void {
    // What has been removed leaves the files that were made from it.
    const changed = new Set(changes.filter(({ object }) => object).map(({ key }) => key));
    for (const worker of this.#workers.values()) {
      const namespace = worker.pod.metadata?.namespace;
      const names = referencesOf(worker.pod)[kind];
      if ([...names].some((name) => changed.has(`${namespace}/${name}`))) worker.refreshVolumes();
    }
  }

  /** What earlier agents left of pods that have been deleted while none was here. */
  async #removeOrphans(): Promise<void> {
    const known = new Set(this.#workers.keys());
    for (const { uid, name, namespace, graceSeconds } of this.#deps.view.identities()) {
      if (known.has(uid)) continue;
      known.add(uid);
      this.#begin(orphan(this.#deps, { uid, name, namespace, graceSeconds }), uid);
      this.#workers.get(uid)?.update(undefined);
    }
    const remains = new Set([...(await podsWithFiles(this.#deps.paths.pods)), ...this.#deps.cgroups.list()]);
    for (const uid of remains) {
      if (known.has(uid) || this.#workers.has(uid)) continue;
      try {
        const { pods, memory } = this.#deps.paths;
        await removePodFiles(this.#deps.runtime, uid, { directory: join(pods, uid), memory: join(memory, uid) });
        await removeCgroup(this.#deps, uid);
      } catch (error) {
        this.#deps.logger.warn('remains of a deleted pod', { uid, error: textOf(error) });
      }
    }
  }
}

/** A stand-in for the object of a pod that is gone, so that its containers end with the grace that they were given. */
function orphan(deps: WorkerDeps, of: { uid: string; name: string; namespace: string; graceSeconds: number }): V1Pod {
  const names = new Set(deps.view.pod(of.uid).containers.map(({ name }) => name));
  return {
    metadata: {
      uid: of.uid,
      name: of.name,
      namespace: of.namespace,
      deletionTimestamp: rfc3339(deps.clock.now()),
      deletionGracePeriodSeconds: of.graceSeconds,
    },
    spec: { containers: [...names].map((name) => ({ name })) },
  };
}
