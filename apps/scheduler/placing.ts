import { pods } from '../../libs/api/kinds/pod.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { EventRecorder } from '../../libs/reconcile/events.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import type { DecisionRecords, RecordTicket } from '../../libs/scheduling/decision-records.ts';
import { allowed, type SchedulingHook, type Verdict } from '../../libs/scheduling/hooks.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import type { PodInfo } from '../../libs/scheduling/pod-info.ts';
import { schedulerNameOf } from '../../libs/scheduling/profiles.ts';
import { raceBackoff, type SchedulingQueue } from '../../libs/scheduling/queue.ts';
import type { QueueEntry } from '../../libs/scheduling/queue-entry.ts';
import type { Bindings } from './bindings.ts';
import type { Refusals } from './refusals.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

export interface PlacingParts {
  cluster: Cluster;
  queue: SchedulingQueue;
  hooks: readonly SchedulingHook[];
  records: DecisionRecords;
  bindings: Bindings;
  refusals: Refusals;
  events: EventRecorder;
  metrics: SchedulerMetrics;
  clock: Clock;
  logger: Logger;
  /** Called with a sum of `wakesOn` when placing has changed the cluster. */
  changed(changes: number): void;
}

/** A pod that counts as placed on a node and is not bound yet. */
export interface Placed {
  entry: QueueEntry;
  nodeName: string;
  startMs: number;
  ticket: RecordTicket;
  /** Where room was kept for it until it was decided about. */
  nominatedNodeName: string | undefined;
  /** Bound with the others of it or not at all. */
  group?: string;
}

/** The way of a pod from the choice of its node to the binding, and back when something refuses. */
export class Placing {
  private readonly parts: PlacingParts;

  constructor(parts: PlacingParts) {
    this.parts = parts;
  }

  /**
   * Gives the pod its node; answers why not when a hook refuses, and all is as before then. It may be undone: nobody is
   * woken before `confirm`.
   */
  reserve(placed: Placed): string | undefined {
    const { cluster, queue, hooks } = this.parts;
    const { entry, nodeName } = placed;
    const { info } = entry;
    for (let at = 0; at < hooks.length; at++) {
      const refusal = hooks[at]!.reserve?.(info, nodeName);
      if (refusal === undefined) continue;
      for (let back = at - 1; back >= 0; back--) hooks[back]!.unreserve?.(info);
      this.nominateAgain(placed);
      return refusal;
    }
    // From here on the pod counts as placed; what fails later takes it off again.
    cluster.place(info, nodeName);
    queue.done(entry);
    return undefined;
  }

  /** What the hooks say of a pod that has been given its node. */
  permit({ entry, nodeName }: Placed): Verdict {
    for (const hook of this.parts.hooks) {
      const verdict = hook.permit?.(entry.info, nodeName) ?? allowed;
      if (verdict.kind !== 'allow') return verdict;
    }
    return allowed;
  }

  /**
   * Takes the pod off its node again, as if it had never been there: room is kept for it where it was before, and whoever
   * waits has missed nothing.
   */
  undo(placed: Placed): void {
    if (this.takeOff(placed)) this.nominateAgain(placed);
  }

  /** Takes a pod that was to stay off its node again. False when it is there no longer, or really runs there by now. */
  takeBack(placed: Placed): boolean {
    const isOff = this.takeOff(placed);
    if (isOff) this.parts.changed(wakesOn.podRemoved);
    return isOff;
  }

  private nominateAgain({ entry, nominatedNodeName }: Placed): void {
    if (nominatedNodeName !== undefined) this.parts.cluster.nominate(entry.info, nominatedNodeName);
  }

  private takeOff({ entry }: Placed): boolean {
    const { cluster } = this.parts;
    const { uid } = entry.info;
    this.unreserve(entry.info);
    if (cluster.placedPod(uid)?.info !== entry.info) return false;
    cluster.displace(uid);
    return true;
  }

  /** Says that pods which have been given nodes are there to stay, as far as can be seen. */
  confirm(): void {
    this.parts.changed(wakesOn.podPlaced);
  }

  /** Sends the binding of a confirmed pod on its way, after whatever must be done before. */
  bind(placed: Placed): void {
    const { hooks, bindings, refusals } = this.parts;
    // A word about its waiting would come too late, and would change the pod while it is being bound.
    refusals.forget(placed.entry.info.uid);
    const work: Array<Promise<void>> = [];
    for (const hook of hooks) {
      const preparing = hook.prepare?.(placed.entry.info, placed.nodeName);
      if (preparing !== undefined) work.push(preparing);
    }
    if (work.length === 0) {
      this.addBinding(placed);
      return;
    }
    Promise.all(work).then(
      () => {
        this.addBinding(placed);
        bindings.flush();
      },
      (error: unknown) => this.failed(placed, error instanceof Error ? error : new Error(String(error))),
    );
  }

  private addBinding(placed: Placed): void {
    const { namespace, name, uid, pod } = placed.entry.info;
    this.parts.bindings.add({
      namespace,
      name,
      uid,
      nodeName: placed.nodeName,
      reportedBy: schedulerNameOf(pod),
      ...(placed.group === undefined ? {} : { group: placed.group }),
      settle: (error) => (error === undefined ? this.bound(placed) : this.failed(placed, error)),
    });
  }

  private bound({ entry, nodeName, startMs, ticket }: Placed): void {
    const { clock, events, metrics, records } = this.parts;
    const nowMs = clock.monotonic();
    const { namespace, name, pod } = entry.info;
    metrics.attempted('scheduled', pod.spec?.schedulerName, nowMs - startMs);
    metrics.scheduled(nowMs - entry.addedMs, entry.attempts);
    records.note(ticket, isBound);
    if (this.parts.bindings.writesEvents) return;
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    events.record(pods, pod, {
      type: 'Normal',
      reason: 'Scheduled',
      action: 'Binding',
      message,
      component: schedulerNameOf(pod),
    });
  }

  private failed(placed: Placed, error: Error): void {
    const { queue, clock, metrics, logger, records } = this.parts;
    const { entry, startMs, ticket } = placed;
    const { namespace, name, pod } = entry.info;
    metrics.attempted('error', pod.spec?.schedulerName, clock.monotonic() - startMs);
    records.note(ticket, { outcome: 'lost', message: error.message });
    // Not there any more means that the pod was deleted, or that its real node became known meanwhile.
    if (!this.takeBack(placed) || isStatus(error, 'NotFound')) return;
    logger.info('a binding failed; the pod is tried again', { pod: `${namespace}/${name}`, error });
    queue.fail(entry, clock.monotonic(), isStatus(error, 'Conflict') ? raceBackoff : undefined);
  }

  private unreserve(info: PodInfo): void {
    const { hooks } = this.parts;
    for (let at = hooks.length - 1; at >= 0; at--) hooks[at]!.unreserve?.(info);
  }
}

const isBound = { outcome: 'bound' } as const;
