import type { Timer } from '../../libs/base/clock.ts';
import type { RecordTicket } from '../../libs/scheduling/decision-records.ts';
import type { Preemption } from '../../libs/scheduling/preemption.ts';
import type { QueueEntry } from '../../libs/scheduling/queue-entry.ts';
import { withNote } from '../../libs/scheduling/reasons.ts';
import type { SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';
import type { Evictions } from './evictions.ts';
import { Gangs, type GroupProgress } from './gangs.ts';
import { type Placed, Placing, type PlacingParts } from './placing.ts';

/** Decisions go on for this long before other work of the process gets its turn. */
const sliceMs = 4;
/** How often backoffs that have ended are looked for while there are any. */
const tickMs = 250;

export interface LoopParts extends Omit<PlacingParts, 'changed'> {
  core: SchedulerCore;
  evictions: Evictions;
  /** What has changed since the last call: a sum of `wakesOn`. */
  takeChanges(): number;
  /** Hears how far a group with an object has come. */
  groupScheduled?(key: string, progress: GroupProgress): void;
}

/** A pod that found no place, and what may change that. */
interface Refused {
  refused: string;
  wakesOn: number;
  ticket: RecordTicket;
  /** A node was found, but what else the pod needs is not to be had there: no other pod's leaving would help. */
  byHook?: true;
}

/** A sum of all `wakesOn`. */
const anyChange = -1;

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
  private readonly placing: Placing;
  private readonly gangs: Gangs;

  constructor(parts: LoopParts) {
    this.parts = parts;
    const changed = (changes: number) => {
      this.ownChanges |= changes;
      this.poke();
    };
    this.placing = new Placing({ ...parts, changed });
    this.gangs = new Gangs({
      ...parts,
      placing: this.placing,
      place: (entry) => this.place(entry),
      refuse: (entry, message, wakes) => this.wait(entry, message, wakes),
    });
  }

  start(): void {
    this.isRunning = true;
    this.gangs.finishBegun();
    this.parts.bindings.flush();
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
      if (this.gangs.isHolding) this.gangs.tick(clock.monotonic());
      if (queue.hasActive) this.poke();
      if (this.isRunning) this.tick();
    });
  }

  private slice(): void {
    const { queue, clock, bindings, evictions, cluster } = this.parts;
    const endMs = clock.monotonic() + sliceMs;
    this.wake();
    for (;;) {
      const entry = queue.pop();
      if (entry === undefined) break;
      const gang = cluster.podGroups.inForce(entry.info.gang);
      if (gang === undefined) this.attempt(entry);
      else this.gangs.attempt(entry, gang);
      if (clock.monotonic() >= endMs) break;
    }
    bindings.flush();
    evictions.flush();
    if (queue.hasActive || this.ownChanges !== 0) this.poke();
  }

  private wake(): void {
    const { cluster, core, queue } = this.parts;
    if (cluster.classes.version !== this.rulesSeen) {
      this.rulesSeen = cluster.classes.version;
      queue.regroup((info) => core.views.queueKeyOf(info));
    }
    const changes = this.parts.takeChanges() | this.ownChanges;
    this.ownChanges = 0;
    if (changes !== 0) this.parts.queue.wake(changes);
  }

  /** Decides about a pod that goes by itself. */
  private attempt(entry: QueueEntry): void {
    const { core, evictions, metrics, records } = this.parts;
    const { info } = entry;
    const startMs = this.parts.clock.monotonic();
    const result = this.place(entry);
    if ('entry' in result) {
      const verdict = this.placing.permit(result);
      if (verdict.kind === 'allow') {
        this.placing.confirm();
        this.placing.bind(result);
      } else {
        this.placing.undo(result);
        this.wait(entry, verdict.kind === 'deny' ? verdict.message : `waits for ${verdict.group}`, anyChange);
      }
      return;
    }
    metrics.attempted('unschedulable', info.pod.spec?.schedulerName, this.parts.clock.monotonic() - startMs);
    // Before anything is evicted: a victim that leaves at once must find the pod waiting.
    this.parts.queue.refuse(entry, result.wakesOn, startMs);
    const mayEvict = !result.byHook && !evictions.isWaitingFor(info);
    const preemption = mayEvict ? core.preempt(info) : undefined;
    const note = mayEvict && preemption === undefined ? core.preemptionNote(info) : '';
    const message = note === '' ? result.refused : withNote(result.refused, note);
    records.note(result.ticket, { outcome: 'unschedulable', message });
    if (preemption !== undefined) this.makeRoom(entry, preemption, result);
    this.tell(entry, message);
  }

  private makeRoom({ info }: QueueEntry, preemption: Preemption, result: Refused): void {
    const { evictions, metrics, records } = this.parts;
    metrics.preempted(preemption.victims.length);
    const victims = preemption.victims.map((victim) => `${victim.info.namespace}/${victim.info.name}`);
    records.note(result.ticket, { outcome: 'preempting', message: result.refused, victims });
    evictions.start(info, preemption);
  }

  /** Decides, puts the decision down, and gives the pod its node. */
  private place(entry: QueueEntry): Placed | Refused {
    const { core, clock, metrics, records } = this.parts;
    const startMs = clock.monotonic();
    const { info } = entry;
    const decision = core.decide(info);
    const durationMs = clock.monotonic() - startMs;
    metrics.decided(durationMs);
    const ticket = records.keep(
      { info, atMs: clock.now(), durationMs, attempts: entry.attempts },
      decision,
      core.lastView!,
    );
    if (decision.kind === 'unschedulable') return { refused: decision.message, wakesOn: decision.wakesOn, ticket };
    const { nodeName, nominatedNodeName } = decision;
    const placed: Placed = { entry, nodeName, startMs, ticket, nominatedNodeName };
    const refused = this.placing.reserve(placed);
    return refused === undefined ? placed : { refused, wakesOn: anyChange, ticket, byHook: true };
  }

  /** Sends a pod back to wait and says why. */
  private wait(entry: QueueEntry, message: string, wakes: number): void {
    this.parts.queue.refuse(entry, wakes, this.parts.clock.monotonic());
    this.tell(entry, message);
  }

  private tell({ info }: QueueEntry, message: string): void {
    const { cluster, refusals } = this.parts;
    const nomination = cluster.nominationOf(info.uid);
    const nominatedNodeName = nomination && cluster.table.names[nomination.slot];
    refusals.tell({ pod: info.pod, reason: 'Unschedulable', message, nominatedNodeName });
  }
}
