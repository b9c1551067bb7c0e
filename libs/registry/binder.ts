import { isDeepStrictEqual } from 'node:util';
import type { V1Binding, V1Pod } from '../api/gen/types.ts';
import { podRequests } from '../api/kinds/pod/requests.ts';
import { type ObjectName, objectKey } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { isStatus } from '../base/status.ts';
import { collectionPrefix } from '../cache/keys.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { type Guard, GuardFailedError, type Write } from '../store/store.ts';
import { boundValue } from './bound-pod.ts';
import { badRequest, conflict, notFound } from './errors.ts';
import { generationOf, NodeLedger } from './node-ledger.ts';
import type { PodEvents, PodNews } from './pod-events.ts';
import { topologyLabels } from './topology.ts';
import { type ObjectWriter, writeAttemptsMax } from './writer.ts';

/** One decision of where a pod runs. */
export interface PodBinding {
  readonly namespace: string;
  readonly name: string;
  /** Refused when the pod has another; not looked at when absent. */
  readonly uid?: string;
  readonly nodeName: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Bindings of one group in one call stand or fall together, as far as one transaction holds them. */
  readonly group?: string;
  /** The component that speaks in the event that tells of it; none is written when absent. */
  readonly reportedBy?: string;
}

export interface BinderParts {
  readonly mirror: StoreMirror;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  /** Tells people of bindings; nobody is told when absent. */
  readonly events?: PodEvents;
  /** Whether other processes bind pods in the same store; false when absent. */
  readonly isShared?: boolean;
}

const pods = { group: '', plural: 'pods' };
const prefix = collectionPrefix('', 'pods');
/** Bindings of one transaction: the store takes 128 writes, and one is for the key below. */
const bindingsMax = 120;
/**
 * Written by every transaction that binds pods in a shared store, and guarded by each: so nothing can have been bound
 * anywhere that the ledger does not know of. Outside of the registry, since nobody watches it.
 */
const bindingsKey = '/berth/bindings';
const noValue = new TextEncoder().encode('{}');

interface Asked {
  readonly binding: PodBinding;
  readonly call: object;
  settle(error: Error | undefined): void;
}

interface Planned {
  asked: Asked;
  /** As it was before. */
  pod: V1Pod;
  guard: Guard;
  write: Write;
  /** What the pod is told of where its node stands. */
  place: Labels | undefined;
}

type Labels = Readonly<Record<string, string>>;

/**
 * Writes bindings, many in one transaction and one transaction after another. Each is checked against what the pods of
 * its node ask for already, whoever bound them: no two schedulers can give away the same capacity. Those that cannot be
 * bound are answered with their errors; the rest stand.
 */
export class PodBinder {
  private readonly waiting: Asked[] = [];
  private isRunning = false;
  private known: NodeLedger | undefined;
  /** Revision of the bindings' key up to which the ledger is current. */
  private bindingsRevision = 0;

  constructor(private readonly parts: BinderParts) {}

  get writesEvents(): boolean {
    return this.parts.events !== undefined;
  }

  /** Made when the first pod is bound: it reads all pods, and some servers never bind any. */
  private get ledger(): NodeLedger {
    this.known ??= new NodeLedger(this.parts.mirror);
    return this.known;
  }

  bindAll(bindings: readonly PodBinding[]): Promise<Array<Error | undefined>> {
    const call = {};
    const answers = bindings.map(
      (binding) => new Promise<Error | undefined>((resolve) => this.waiting.push({ binding, call, settle: resolve })),
    );
    if (!this.isRunning) void this.run();
    return Promise.all(answers);
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // Calls of one turn share a transaction.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const round = this.waiting.splice(0, this.roundLength());
      try {
        await this.bindRound(round);
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        this.undo(round);
        for (const { settle } of round) settle(failure);
      }
    }
    this.isRunning = false;
  }

  /** As many as one transaction takes, without parting a group that is not larger than that itself. */
  private roundLength(): number {
    if (this.waiting.length <= bindingsMax) return this.waiting.length;
    const first = this.waiting[bindingsMax]!;
    let length = bindingsMax;
    while (length > 0 && areTogether(this.waiting[length - 1]!, first)) length--;
    return length === 0 ? bindingsMax : length;
  }

  /**
   * When something has changed meanwhile, all are planned anew: what was bound elsewhere, and nodes that shrank or were
   * replaced, may have taken the room of any of them. What was written for pods that stayed as they were is kept.
   */
  private async bindRound(round: readonly Asked[]): Promise<void> {
    const built = new Map<Asked, Planned>();
    for (let attempt = 1; attempt <= writeAttemptsMax; attempt++) {
      const errors = new Map<Asked, Error>();
      let planned = this.plan(round, errors, built);
      // A pod that was made through another server may not have been seen here yet.
      if (attempt === 1 && this.parts.isShared && [...errors.values()].some((error) => isStatus(error, 'NotFound'))) {
        this.undo(round);
        await this.parts.mirror.catchUp();
        errors.clear();
        planned = this.plan(round, errors, built);
      }
      const failed = planned.length === 0 ? undefined : await this.commit(planned);
      if (failed === undefined) {
        this.report(planned);
        for (const asked of round) asked.settle(errors.get(asked));
        return;
      }
      this.undo(round);
      await this.parts.mirror.catchUp();
      const bindings = failed.current.find(({ key }) => key === bindingsKey);
      if (bindings !== undefined) this.bindingsRevision = bindings.entry?.revision ?? 0;
    }
    for (const { settle, binding } of round) settle(conflict(pods, binding.name, 'it changes too often to be bound'));
  }

  /** What is to be written; each pod of it counts on its node from now on. `built` is what was planned before. */
  private plan(round: readonly Asked[], errors: Map<Asked, Error>, built: Map<Asked, Planned>): Planned[] {
    const all: Planned[] = [];
    const taken = new Set<string>();
    for (let at = 0; at < round.length; ) {
      const unit: Asked[] = [round[at++]!];
      while (at < round.length && areTogether(round[at]!, unit[0]!)) unit.push(round[at++]!);
      const planned: Planned[] = [];
      let failure: Error | undefined;
      for (const asked of unit) {
        const one = this.planOne(asked, taken, built.get(asked));
        if (one instanceof Error) {
          errors.set(asked, one);
          failure = one;
        } else {
          planned.push(one);
          built.set(asked, one);
        }
      }
      if (failure === undefined || unit.length === 1) all.push(...planned);
      else {
        this.undo(planned.map(({ asked }) => asked));
        const why = `another pod of its group could not be bound: ${failure.message}`;
        for (const { asked } of planned) errors.set(asked, conflict(pods, asked.binding.name, why));
      }
    }
    return all;
  }

  private report(planned: readonly Planned[]): void {
    const told: PodNews[] = [];
    for (const { asked, pod } of planned) {
      const { namespace, name, nodeName, reportedBy } = asked.binding;
      if (reportedBy === undefined) continue;
      const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
      told.push({ pod, reason: 'Scheduled', action: 'Binding', message, reportedBy });
    }
    this.parts.events?.tell(told);
  }

  /** Counts the pods as the mirror shows them. */
  private undo(round: readonly Asked[]): void {
    for (const { binding } of round) this.known?.restore(objectKey(binding));
  }

  /** Answers with why nothing was written, when something has changed meanwhile. */
  private async commit(planned: readonly Planned[]): Promise<GuardFailedError | undefined> {
    const guards = planned.map(({ guard }) => guard);
    const writes = planned.map(({ write }) => write);
    if (this.parts.isShared) {
      guards.push({ key: bindingsKey, revision: this.bindingsRevision });
      writes.push({ key: bindingsKey, value: noValue });
    }
    try {
      const { writeRevisions } = await this.parts.writer.commit({ guards, writes });
      if (this.parts.isShared) this.bindingsRevision = writeRevisions.at(-1)!;
      return undefined;
    } catch (error) {
      if (error instanceof GuardFailedError) return error;
      throw error;
    }
  }

  /** `taken` has the pods that are bound in this transaction already. */
  private planOne(asked: Asked, taken: Set<string>, before: Planned | undefined): Planned | Error {
    const { binding } = asked;
    const at = objectKey(binding);
    const document = this.parts.mirror.collection('', 'pods').get(at);
    if (!document) return notFound(pods, binding.name);
    const pod = document.object as V1Pod;
    const refusal = refusalOf(pod, binding);
    if (refusal !== undefined) return conflict(pods, binding.name, refusal);
    if (taken.has(at)) return conflict(pods, binding.name, `pod ${binding.name} is being assigned to a node already`);
    const amounts = podRequests(pod);
    const short = this.ledger.shortage(binding.nodeName, amounts);
    if (short !== undefined) {
      return conflict(pods, binding.name, `node ${binding.nodeName} has no room for it any more: ${short}`);
    }
    taken.add(at);
    this.ledger.enter(at, { nodeName: binding.nodeName, generation: generationOf(pod), amounts });
    const place = topologyLabels(this.parts.mirror, binding.nodeName);
    if (before?.guard.revision === document.revision && isDeepStrictEqual(before.place, place)) return before;
    const placed = place ? { ...binding, labels: { ...binding.labels, ...place } } : binding;
    const value = boundValue(document, placed, rfc3339(this.parts.clock.now()));
    const key = prefix + at;
    return { asked, pod, guard: { key, revision: document.revision }, write: { key, value }, place };
  }
}

/** Whether two bindings stand or fall together. */
function areTogether(one: Asked, other: Asked): boolean {
  return one.binding.group !== undefined && one.binding.group === other.binding.group && one.call === other.call;
}

/** Why the pod cannot be bound, whatever room there is. */
function refusalOf({ metadata, spec }: V1Pod, { uid, name }: PodBinding): string | undefined {
  if (uid && metadata?.uid !== uid) return 'the pod has been replaced by one of the same name';
  if (metadata?.deletionTimestamp) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (spec?.nodeName) return `pod ${name} is already assigned to node "${spec.nodeName}"`;
  if (spec?.schedulingGates?.length) return `pod ${name} has non-empty .spec.schedulingGates`;
  return undefined;
}

/** One binding as the API takes it: the pod's name, and a Binding that names the node. @throws StatusError. */
export async function bindPod(
  binder: PodBinder,
  at: ObjectName,
  { binding, request }: { binding: V1Binding; request: { readonly dryRun: boolean } },
): Promise<void> {
  const nodeName = binding.target?.name;
  if (!nodeName) throw badRequest('target.name is required');
  if (request.dryRun) return;
  const { uid, annotations, labels } = binding.metadata ?? {};
  const [error] = await binder.bindAll([
    { namespace: at.namespace ?? '', name: at.name, uid, nodeName, annotations, labels },
  ]);
  if (error) throw error;
}
