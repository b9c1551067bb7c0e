import { backoffMs } from '../base/backoff.ts';
import type { Timer } from '../base/clock.ts';
import { endPod, removePod } from './ending.ts';
import { textOf } from './failure.ts';
import type { PodRecord } from './podrecord.ts';
import { identity } from './starter.ts';
import { workRetryPolicy } from './work.ts';

export interface PodEndOptions {
  /** Work on the pod that is still under way. */
  busy: () => Array<Promise<void>>;
  /** Every container has ended. */
  onStopped: () => void;
  /** Containers, sandbox, files and cgroup have gone. */
  onEnded: () => void;
  onFailure: (work: string, error: unknown, delayMs: number) => void;
}

/** Ends one pod, again and again until it has succeeded, and removes what is left of it with its object. */
export class PodEnd {
  readonly #record: PodRecord;
  readonly #options: PodEndOptions;
  #failures = 0;
  #graceMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #removed: ReadonlySet<string> = new Set();
  #stopped = false;

  constructor(record: PodRecord, options: PodEndOptions) {
    this.#record = record;
    this.#options = options;
  }

  begin(): void {
    this.#record.stage = 'ending';
    void this.#end().catch((error: unknown) => {
      const { deps, pod } = this.#record;
      this.#failures += 1;
      const delayMs = backoffMs(workRetryPolicy, this.#failures);
      this.#options.onFailure('end', error, delayMs);
      const message = `error killing pod: ${textOf(error)}`;
      deps.events.pod(pod, { type: 'Warning', reason: 'FailedKillPod', message });
      if (!this.#stopped) this.#timer = deps.clock.setTimer(delayMs, () => this.begin());
    });
  }

  /** A second deletion may leave the containers less time than the first. */
  hasten(): void {
    const { deps, graceMs, objectGone } = this.#record;
    const leftMs = objectGone ? 0 : graceMs;
    if (leftMs >= this.#graceMs) return;
    this.#graceMs = leftMs;
    for (const { id, state } of this.#record.observed().containers) {
      if (state !== 'running') continue;
      deps.runtime
        .stopContainer(id, Math.ceil(leftMs / 1000))
        .catch((error: unknown) => this.#options.onFailure('hasten', error, 0));
    }
  }

  /** The pod has ended and its object is on its way out: nothing may be left. */
  remove(): Promise<void> {
    const { deps, pod, objectGone, paths } = this.#record;
    this.#record.stage = 'gone';
    const { namespace, name, uid } = identity(pod);
    if (!objectGone) deps.link.reportPodGone({ namespace, name }, uid);
    const kept = { logs: paths.logs, removed: this.#removed };
    return removePod(deps, uid, kept).catch((error: unknown) => this.#options.onFailure('remove', error, 0));
  }

  /** Leaves everything as it is. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #end(): Promise<void> {
    const { deps, pod, paths, uid } = this.#record;
    this.#graceMs = this.#record.graceMs;
    this.#removed = await endPod(deps, {
      ...{ pod, paths },
      graceMs: () => this.#record.graceMs,
      podIp: this.#record.podIp,
      deleted: () => this.#record.deleted,
      busy: this.#options.busy,
      onStopped: this.#options.onStopped,
    });
    deps.tokens.forget(uid);
    deps.images.forget(uid);
    this.#record.stage = 'ended';
    this.#options.onEnded();
  }
}
