import type { V1Pod } from '../../libs/api/gen/types.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import type { Clock, Timer } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { EventRecorder } from '../../libs/reconcile/events.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import type { QueueEntry, SchedulingQueue } from '../../libs/scheduling/queue.ts';
import type { Decision, SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';
import type { Bindings } from './bindings.ts';
import type { Evictions } from './evictions.ts';
import type { Refusals } from './refusals.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

/** Decisions go on for this long before other work of the process gets its turn. */
const sliceMs = 4;
/** How often backoffs that have ended are looked for while there are any. */
const tickMs = 250;

export interface LoopParts {
  cluster: Cluster;
  core: SchedulerCore;
  queue: SchedulingQueue;
  bindings: Bindings;
  refusals: Refusals;
  evictions: Evictions;
  events: EventRecorder;
  metrics: SchedulerMetrics;
  clock: Clock;
  logger: Logger;
  /** What has changed since the last call: a sum of `wakesOn`. */
  takeChanges(): number;
}

type Refused = Extract<Decision, { kind: 'unschedulable' }>;

/** Takes pods from the queue, decides, and hands the decisions on. Driven by `poke`; it never waits for I/O. */
export class Loop {
  private readonly parts: LoopParts;
  private isScheduled = false;
  private isRunning = false;
  /** What the loop itself has changed since pods were woken last. */
  private ownChanges = 0;
  /** State of the rules that the waiting pods were sorted by. */
  private rulesSeen = 0;
  private timer: Timer | undefined;

  constructor(parts: LoopParts) {
    this.parts = parts;
  }

  start(): void {
    this.isRunning = true;
    this.tick();
    this.poke();
  }

  stop(): void {
    this.isRunning = false;
    this.timer?.cancel();
  }

  /** Decides soon: after whatever else this turn of the event loop brings. */
  readonly poke = (): void => {
    if (this.isScheduled || !this.isRunning) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      if (this.isRunning) this.slice();
    });
  };

  private tick(): void {
    const { queue, clock } = this.parts;
    this.timer = clock.setTimer(tickMs, () => {
      queue.tick(clock.monotonic());
      if (queue.hasActive) this.poke();
      if (this.isRunning) this.tick();
    });
  }

  private slice(): void {
    const { queue, clock, bindings } = this.parts;
    const endMs = clock.monotonic() + sliceMs;
    this.wake();
    for (;;) {
      const entry = queue.pop();
      if (entry === undefined) break;
      this.attempt(entry);
      if (clock.monotonic() >= endMs) break;
    }
    bindings.flush();
    if (queue.hasActive || this.ownChanges !== 0) this.poke();
  }

  private wake(): void {
    const { cluster, core, queue } = this.parts;
    if (cluster.classes.version !== this.rulesSeen) {
      this.rulesSeen = cluster.classes.version;
      queue.regroup((info) => core.views.keyOf(info));
    }
    const changes = this.parts.takeChanges() | this.ownChanges;
    this.ownChanges = 0;
    if (changes !== 0) this.parts.queue.wake(changes);
  }

  private attempt(entry: QueueEntry): void {
    const { cluster, core, queue, clock, metrics, bindings } = this.parts;
    const startMs = clock.monotonic();
    const { info } = entry;
    const decision = core.decide(info);
    metrics.decided(clock.monotonic() - startMs);
    if (decision.kind === 'unschedulable') {
      this.refuse(entry, decision, startMs);
      return;
    }
    // From here on the pod counts as placed; a binding that fails takes it off again.
    cluster.place(info, decision.nodeName);
    queue.done(entry);
    this.ownChanges |= wakesOn.podPlaced;
    const { namespace, name, uid } = info;
    bindings.add({
      namespace,
      name,
      uid,
      nodeName: decision.nodeName,
      settle: (error) =>
        error === undefined ? this.bound(entry, decision.nodeName, startMs) : this.failed(entry, error, startMs),
    });
  }

  private refuse(entry: QueueEntry, decision: Refused, startMs: number): void {
    const { core, queue, clock, metrics, refusals, evictions } = this.parts;
    const { info } = entry;
    // Before anything is evicted: a victim that leaves at once must find the pod waiting.
    queue.refuse(entry, decision.wakesOn, startMs);
    metrics.attempted('unschedulable', clock.monotonic() - startMs);
    refusals.tell({ pod: info.pod, reason: 'Unschedulable', message: decision.message });
    if (evictions.isWaitingFor(info)) return;
    const preemption = core.preempt(info);
    if (preemption === undefined) return;
    metrics.preempted(preemption.victims.length);
    evictions.start(info, preemption);
  }

  private bound(entry: QueueEntry, nodeName: string, startMs: number): void {
    const { clock, events, metrics, refusals } = this.parts;
    const nowMs = clock.monotonic();
    const { namespace, name, uid, pod } = entry.info;
    metrics.attempted('scheduled', nowMs - startMs);
    metrics.scheduled(nowMs - entry.addedMs, entry.attempts);
    refusals.forget(uid);
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    events.record(pods, pod, { type: 'Normal', reason: 'Scheduled', message });
  }

  private failed(entry: QueueEntry, error: Error, startMs: number): void {
    const { cluster, queue, clock, metrics, logger } = this.parts;
    const { uid, pod } = entry.info;
    metrics.attempted('error', clock.monotonic() - startMs);
    // Gone from the cluster means that the pod was deleted, or that its real node became known meanwhile.
    const placed = cluster.placedPod(uid);
    if (placed?.info !== entry.info) return;
    cluster.displace(uid);
    this.ownChanges |= wakesOn.podRemoved;
    this.poke();
    if (isGone(error)) return;
    logger.info('a binding failed; the pod is tried again', { pod: nameOf(pod), error });
    queue.fail(entry, clock.monotonic());
  }
}

/** Whether the answer says that there is no longer a pod to bind. */
function isGone(error: Error): boolean {
  return isStatus(error, 'NotFound');
}

function nameOf(pod: V1Pod): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}
