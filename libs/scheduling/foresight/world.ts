import type {
  V1Namespace,
  V1Node,
  V1Pod,
  V1PodDisruptionBudget,
  V1ReplicaSet,
  V1Service,
} from '../../api/gen/types.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import { Cluster } from '../cluster.ts';
import { explain } from '../explain.ts';
import type { WeightedPlugin } from '../plugin.ts';
import type { PodGroup } from '../pod-groups.ts';
import type { PodInfo } from '../pod-info.ts';
import { defaultProfile, type ProfileOf, profilesByName } from '../profiles.ts';
import { SchedulerCore } from '../scheduler-core.ts';
import { shortGroups } from './groups.ts';
import { hasEnded, isLeaving, replacementOf, uidOf } from './pods.ts';

/** Rounds of placing, evicting and placing again after which a forecast is given as it stands. */
const roundsMax = 100;

/** The objects that placement rests on, as they stood at one moment. */
export interface Snapshot {
  nodes: readonly V1Node[];
  pods: readonly V1Pod[];
  namespaces: readonly V1Namespace[];
  services: readonly V1Service[];
  budgets: readonly V1PodDisruptionBudget[];
  replicaSets: readonly V1ReplicaSet[];
  /** None when absent. */
  podGroups?: readonly PodGroup[];
}

/** Where a pod would run, or why nowhere. */
export type Outcome =
  | { kind: 'node'; nodeName: string }
  /** `remedy`: the smallest change that would let it fit. */
  | { kind: 'waits'; message: string; remedy?: string };

/** A pod driven out by one of higher priority. */
export interface Eviction {
  victim: V1Pod;
  nodeName: string;
  /** The pod that its owner would make instead; absent when nobody would. */
  replacement?: V1Pod;
}

export interface Settlement {
  /** By the uid of every pod that was asked about and of every replacement. */
  outcomes: Map<string, Outcome>;
  evictions: Eviction[];
}

/** What is under way between two departures of victims. */
interface Round {
  victims: Map<string, PodInfo>;
  /** Pods whose victims have not left yet. */
  awaiting: Set<string>;
  /** When a class of pods was refused last, by the table's sequence. */
  refusedAt: Map<string, number>;
}

/** A cluster in thought: the scheduler's own core on a snapshot, to try things out. */
export class World {
  readonly cluster = new Cluster();
  readonly core: SchedulerCore;
  /** Pods without a node, those of the snapshot and those that a forecast left over. */
  private backlog: PodInfo[] = [];
  private readonly infos = new Map<string, PodInfo>();
  private readonly isKnown: (schedulerName: string | undefined) => boolean;

  /** With the scheduler's profiles, or with plugins for all pods. */
  constructor(snapshot: Snapshot, profiles: ProfileOf | readonly WeightedPlugin[] = profilesByName([defaultProfile])) {
    this.core = new SchedulerCore(this.cluster, profiles);
    this.isKnown = (name) => typeof profiles !== 'function' || profiles(name) !== undefined;
    for (const node of snapshot.nodes) this.cluster.setNode(node);
    for (const namespace of snapshot.namespaces) this.addNamespace(namespace);
    for (const service of snapshot.services) this.addService(service);
    for (const budget of snapshot.budgets) this.addBudget(budget);
    for (const group of snapshot.podGroups ?? []) this.cluster.podGroups.set(group);
    for (const pod of snapshot.pods) {
      if (hasEnded(pod)) continue;
      if (pod.spec?.nodeName) this.place(pod, pod.spec.nodeName);
      else if (this.objection(pod) === undefined && !isLeaving(pod)) this.backlog.push(this.read(pod));
    }
  }

  addNamespace({ metadata }: V1Namespace): void {
    this.cluster.setNamespace(metadata?.name ?? '', metadata?.labels ?? {});
  }

  addService({ metadata, spec }: V1Service): void {
    this.cluster.setService(metadata?.namespace ?? '', metadata?.name ?? '', spec?.selector);
  }

  addBudget({ metadata, spec, status }: V1PodDisruptionBudget): void {
    this.cluster.setBudget(`${metadata?.namespace}/${metadata?.name}`, {
      namespace: metadata?.namespace ?? '',
      selector: labelSelectorOf(spec?.selector),
      disruptionsAllowed: status?.disruptionsAllowed ?? 0,
    });
  }

  /** Lets no new pods on a node. */
  cordon(nodeName: string): void {
    const slot = this.cluster.table.slotOf(nodeName);
    const node = slot === undefined ? undefined : this.cluster.table.nodes[slot];
    if (node !== undefined) this.cluster.setNode({ ...node, spec: { ...node.spec, unschedulable: true } });
  }

  /** Puts a pod on a node, whatever the scheduler would say. */
  place(pod: V1Pod, nodeName: string): void {
    this.cluster.place(this.read(pod), nodeName);
  }

  nodeOf(pod: V1Pod): string | undefined {
    const placed = this.cluster.placedPod(uidOf(pod));
    return placed && this.cluster.table.names[placed.slot];
  }

  /** Takes a pod out of this world and says where it ran. */
  remove(pod: V1Pod): string | undefined {
    const nodeName = this.nodeOf(pod);
    this.cluster.displace(uidOf(pod));
    this.forget(uidOf(pod));
    return nodeName;
  }

  /** Whether every filter admits the pod to the node as things stand; one that runs is taken off in thought. */
  admits(pod: V1Pod, nodeName: string): boolean {
    const slot = this.cluster.table.slotOf(nodeName);
    if (slot === undefined) return false;
    const placed = this.cluster.displace(uidOf(pod));
    const info = this.cluster.read(pod);
    const fits = this.core.views.of(info).fits(slot);
    this.cluster.forget(info);
    if (placed !== undefined) this.cluster.placeAs(placed, this.cluster.table.names[placed.slot]!);
    return fits;
  }

  /** What the scheduler says of a pod now; nothing is changed. */
  decide(pod: V1Pod): Outcome {
    const info = this.cluster.read(pod);
    const decision = this.core.decide(info);
    this.cluster.forget(info);
    return decision.kind === 'node' ? { kind: 'node', nodeName: decision.nodeName } : this.refusal(info);
  }

  /** Lets the newcomers, and who waits already, find places as the scheduler's queue would, until nothing moves. */
  settle(newcomers: readonly V1Pod[]): Settlement {
    const settlement: Settlement = { outcomes: new Map(), evictions: [] };
    const asked: PodInfo[] = [];
    for (const pod of newcomers) {
      const message = pod.spec?.nodeName ? undefined : this.objection(pod);
      if (message !== undefined) settlement.outcomes.set(uidOf(pod), { kind: 'waits', message });
      else if (pod.spec?.nodeName) this.place(pod, pod.spec.nodeName);
      else asked.push(this.read(pod));
    }
    const waiting = [...this.backlog, ...asked];
    this.backlog = this.rounds(waiting, settlement);
    this.dissolve(waiting, settlement);
    for (const pod of [...newcomers, ...settlement.evictions.flatMap(({ replacement }) => replacement ?? [])]) {
      const nodeName = this.nodeOf(pod);
      if (nodeName !== undefined) settlement.outcomes.set(uidOf(pod), { kind: 'node', nodeName });
    }
    const refusals = new Map<string, Outcome>();
    for (const info of this.backlog) {
      if (settlement.outcomes.has(info.uid)) continue;
      const key = this.core.views.keyOf(info);
      const refusal = refusals.get(key) ?? this.refusal(info);
      refusals.set(key, refusal);
      settlement.outcomes.set(info.uid, refusal);
    }
    return settlement;
  }

  /** Why the scheduler would not look at the pod at all. */
  private objection({ spec }: V1Pod): string | undefined {
    if (!this.isKnown(spec?.schedulerName)) return `left to scheduler "${spec?.schedulerName}"`;
    const gates = (spec?.schedulingGates ?? []).map(({ name }) => name);
    return gates.length === 0 ? undefined : `held back by scheduling gates: ${gates.join(', ')}`;
  }

  /** Takes the members of groups that are short of members off again, and lets the others use what that frees. */
  private dissolve(tried: readonly PodInfo[], settlement: Settlement): void {
    const short = shortGroups(tried, this.cluster);
    if (short.length === 0) return;
    const out = new Set<PodInfo>();
    for (const { members, message } of short) {
      for (const info of members) {
        this.cluster.displace(info.uid);
        settlement.outcomes.set(info.uid, { kind: 'waits', message });
        out.add(info);
      }
    }
    const others = this.backlog.filter((info) => !out.has(info));
    this.backlog = [...out, ...this.rounds(others, settlement)];
  }

  /** No longer waits for places of these pods. */
  giveUp(pods: readonly V1Pod[]): void {
    const gone = new Set(pods.map(uidOf));
    this.backlog = this.backlog.filter(({ uid }) => !gone.has(uid));
    for (const uid of gone) if (this.cluster.placedPod(uid) === undefined) this.forget(uid);
  }

  /** Decides for all until nobody else finds a place, lets victims leave, and begins again. Returns who still waits. */
  private rounds(waiting: PodInfo[], settlement: Settlement): PodInfo[] {
    let left = waiting;
    const refusedAt = new Map<string, number>();
    for (let round = 0; round < roundsMax; round++) {
      left.sort((one, other) => other.priority - one.priority);
      const victims = new Map<string, PodInfo>();
      const awaiting = new Set<string>();
      const leaving = new Set<string>();
      for (let before = Number.NaN; before !== left.length || leaving.size < victims.size; ) {
        before = left.length;
        for (const uid of victims.keys()) {
          if (leaving.has(uid)) continue;
          leaving.add(uid);
          this.beginToLeave(uid);
        }
        left = left.filter((info) => !this.attempt(info, { victims, awaiting, refusedAt }));
      }
      for (const victim of victims.values()) {
        const eviction = this.evict(victim);
        settlement.evictions.push(eviction);
        if (eviction.replacement !== undefined) left.push(this.read(eviction.replacement));
      }
      if (victims.size === 0) break;
    }
    for (const { uid } of left) this.cluster.denominate(uid);
    return left;
  }

  /** Whether the pod has found a place. Room that it could be made is kept for it until the victims have left. */
  private attempt(info: PodInfo, { victims, awaiting, refusedAt }: Round): boolean {
    const { cluster, core } = this;
    const key = core.views.keyOf(info);
    if (refusedAt.get(key) === cluster.table.sequence && cluster.nominationOf(info.uid) === undefined) return false;
    const decision = core.decide(info);
    if (decision.kind === 'node') {
      cluster.place(info, decision.nodeName);
      return true;
    }
    if (awaiting.has(info.uid)) return false;
    const preemption = core.preempt(info);
    if (preemption === undefined) {
      refusedAt.set(key, cluster.table.sequence);
      return false;
    }
    cluster.nominate(info, preemption.nodeName);
    for (const { isReservation, info: victim } of preemption.victims) {
      if (isReservation) cluster.denominate(victim.uid);
      else victims.set(victim.uid, victim);
    }
    awaiting.add(info.uid);
    return false;
  }

  /** A pod on its way out holds its room but no longer counts for spreading. */
  private beginToLeave(uid: string): void {
    const placed = this.cluster.displace(uid);
    if (placed === undefined) return;
    this.cluster.placeAs({ ...placed, isLeaving: true }, this.cluster.table.names[placed.slot]!);
  }

  private evict({ pod, uid }: PodInfo): Eviction {
    const nodeName = this.nodeOf(pod) ?? '';
    this.cluster.displace(uid);
    this.forget(uid);
    const replacement = replacementOf(pod);
    return { victim: pod, nodeName, ...(replacement && { replacement }) };
  }

  private refusal(info: PodInfo): Outcome {
    const decision = this.core.decide(info);
    const message = decision.kind === 'unschedulable' ? decision.message : '';
    const { remedy } = explain(info, this.core, this.cluster);
    return { kind: 'waits', message, ...(remedy === undefined ? {} : { remedy }) };
  }

  private read(pod: V1Pod): PodInfo {
    const info = this.cluster.read(pod);
    this.infos.set(info.uid, info);
    return info;
  }

  private forget(uid: string): void {
    const info = this.infos.get(uid);
    if (info !== undefined) this.cluster.forget(info);
    this.infos.delete(uid);
  }
}
