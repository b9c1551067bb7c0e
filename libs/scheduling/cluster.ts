import type { V1Node, V1Pod } from '../api/gen/types.ts';
import type { LabelSelector } from '../api/selectors/requirement.ts';
import { AffinityHolders } from './affinity-holders.ts';
import { gangOf } from './gang.ts';
import { LabelClasses, type Labels, type PodTerm } from './label-classes.ts';
import { NodeTable } from './node-table.ts';
import { PodGroups } from './pod-groups.ts';
import type { PlacedPod, PodInfo, PodShape } from './pod-info.ts';
import { type Mix, PodMix } from './pod-mix.ts';
import { podSeed, readShape, shapeKey } from './pod-shape.ts';
import type { SpreadOwner } from './spread-constraints.ts';
import { Volumes } from './volumes.ts';

/** Shapes kept although no pod has them at the moment. */
const idleShapesMax = 512;

interface UsedShape {
  shape: PodShape;
  users: number;
}

/** How many more pods of a kind may be evicted. */
export interface DisruptionBudget {
  readonly term: PodTerm;
  readonly disruptionsAllowed: number;
}

const nominationKey = (uid: string) => `nominated/${uid}`;

/** All that placement depends on, kept up to date by events: nodes, the pods on them, and what selects those. */
export class Cluster {
  readonly table = new NodeTable();
  readonly classes = new LabelClasses(this.table);
  readonly holders = new AffinityHolders(this.table, this.classes);
  readonly volumes = new Volumes();
  readonly podGroups = new PodGroups();
  /** The lowest priority of all placed pods; infinite when there are none. */
  lowestPriority = Number.POSITIVE_INFINITY;
  /** Grows when a disruption budget changes. */
  budgetVersion = 0;
  private readonly priorities = new Map<number, number>();
  private readonly budgets = new Map<string, DisruptionBudget>();
  private readonly placed = new Map<string, PlacedPod>();
  private reservationCount = 0;
  /** Placed members of each group. */
  private readonly gangs = new Map<string, number>();
  private readonly shapes = new Map<string, UsedShape>();
  private readonly podMix = new PodMix(this.table, () => this.shapes.values());
  /** Pods read and not forgotten. */
  private readCount = 0;
  private nextShapeId = 1;
  private readonly services = new Map<string, Map<string, Record<string, string>>>();

  /** Adds or replaces a node. */
  setNode(node: V1Node): number {
    return this.table.setNode(node.metadata?.name ?? '', node);
  }

  removeNode(name: string): void {
    if (this.table.slotOf(name) !== undefined) this.table.setNode(name, undefined);
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    this.classes.setNamespace(name, labels);
  }

  /** Pods without constraints of their own are spread by the services that select them. */
  setService(namespace: string, name: string, selector: Record<string, string> | undefined): void {
    const inNamespace = this.services.get(namespace) ?? new Map<string, Record<string, string>>();
    if (selector === undefined || Object.keys(selector).length === 0) inNamespace.delete(name);
    else inNamespace.set(name, selector);
    this.services.set(namespace, inNamespace);
  }

  /**
   * Reads a pod; each call is to be answered by one `forget`. The node that the pod names is what it must go to only
   * when `isPinned` says so: of a running pod it is just where it is.
   */
  read(pod: V1Pod, isPinned = false): PodInfo {
    const { namespace = '', name = '', uid = '', labels = {} } = pod.metadata ?? {};
    const owner = this.ownerOf(pod);
    const nodeName = isPinned ? (pod.spec?.nodeName ?? '') : '';
    const key = shapeKey(pod, owner, nodeName);
    let used = this.shapes.get(key);
    if (used === undefined) {
      used = { shape: readShape(pod, { key, id: this.nextShapeId++, owner, nodeName }, this), users: 0 };
      this.shapes.set(key, used);
    }
    used.users++;
    this.readCount++;
    if (this.shapes.size > idleShapesMax && used.users === 1) this.sweepShapes();
    return {
      uid,
      namespace,
      name,
      pod,
      priority: pod.spec?.priority ?? 0,
      shape: used.shape,
      labels: this.classes.use(namespace, labels, owner.controllerUid),
      seed: podSeed(pod),
      gang: gangOf(pod),
    };
  }

  forget(info: PodInfo): void {
    this.classes.release(info.labels);
    const used = this.shapes.get(info.shape.key);
    if (used === undefined) return;
    used.users--;
    this.readCount--;
  }

  /** What kinds of pods there are, as an estimate of those to come. */
  mix(): Mix {
    return this.podMix.of(this.readCount);
  }

  /** Takes a placed pod's new labels, when nothing else of it has changed that placement rests on. */
  relabel(placed: PlacedPod, pod: V1Pod): void {
    const { info } = placed;
    const before = info.labels;
    const labels = this.classes.use(info.namespace, pod.metadata?.labels ?? {}, before.controllerUid);
    if (!placed.isReservation) {
      this.classes.place(before, placed.slot, { count: -1, isLeaving: placed.isLeaving });
      this.classes.place(labels, placed.slot, { count: 1, isLeaving: placed.isLeaving });
    }
    info.pod = pod;
    info.labels = labels;
    this.classes.release(before);
  }

  placedPod(uid: string): PlacedPod | undefined {
    return this.placed.get(uid);
  }

  get placedCount(): number {
    return this.placed.size;
  }

  /** Puts a pod on a node, which need not exist yet. It must not be on one. */
  place(info: PodInfo, nodeName: string): PlacedPod {
    const isLeaving = info.pod.metadata?.deletionTimestamp !== undefined;
    return this.placeAs({ key: info.uid, info, isLeaving, isReservation: false }, nodeName);
  }

  placeAs({ key, info, isLeaving, isReservation }: Omit<PlacedPod, 'slot' | 'requests'>, nodeName: string): PlacedPod {
    const slot = this.table.slotFor(nodeName);
    const placed: PlacedPod = { key, info, slot, requests: info.shape.requests, isLeaving, isReservation };
    this.placed.set(key, placed);
    if (isReservation) this.reservationCount++;
    this.table.addPod(placed);
    this.count(placed, 1);
    this.countGang(placed, 1);
    if (!isReservation) this.volumes.use(info.shape.claims, 1);
    const { priority } = info;
    this.priorities.set(priority, (this.priorities.get(priority) ?? 0) + 1);
    if (priority < this.lowestPriority) this.lowestPriority = priority;
    return placed;
  }

  /** Takes a pod off its node and returns what stood there. */
  displace(key: string): PlacedPod | undefined {
    const placed = this.placed.get(key);
    if (placed === undefined) return undefined;
    this.placed.delete(key);
    if (placed.isReservation) this.reservationCount--;
    this.count(placed, -1);
    this.table.removePod(placed);
    this.countGang(placed, -1);
    if (!placed.isReservation) this.volumes.use(placed.info.shape.claims, -1);
    const { priority } = placed.info;
    const left = this.priorities.get(priority)! - 1;
    if (left > 0) this.priorities.set(priority, left);
    else {
      this.priorities.delete(priority);
      if (priority === this.lowestPriority) this.lowestPriority = Math.min(...this.priorities.keys());
    }
    return placed;
  }

  /** How many members of a group have a node. */
  gangPlaced(key: string): number {
    return this.gangs.get(key) ?? 0;
  }

  private countGang({ info, isReservation }: PlacedPod, sign: 1 | -1): void {
    if (info.gang === undefined || isReservation) return;
    const count = this.gangPlaced(info.gang.key) + sign;
    if (count === 0) this.gangs.delete(info.gang.key);
    else this.gangs.set(info.gang.key, count);
  }

  /** Keeps room on a node for a pod that waits for its victims to leave. */
  nominate(info: PodInfo, nodeName: string): void {
    const key = nominationKey(info.uid);
    this.displace(key);
    this.placeAs({ key, info, isLeaving: false, isReservation: true }, nodeName);
  }

  nominationOf(uid: string): PlacedPod | undefined {
    return this.placed.get(nominationKey(uid));
  }

  /** Gives the room back. */
  denominate(uid: string): PlacedPod | undefined {
    // Asked before each decision, and mostly there are none.
    return this.reservationCount === 0 ? undefined : this.displace(nominationKey(uid));
  }

  /** Sets a disruption budget; without `rule` it is gone. */
  setBudget(
    key: string,
    rule: { namespace: string; selector: LabelSelector; disruptionsAllowed: number } | undefined,
  ): void {
    this.budgetVersion++;
    if (rule === undefined) this.budgets.delete(key);
    else {
      const term = this.classes.term({ namespaces: [rule.namespace], selector: rule.selector });
      this.budgets.set(key, { term, disruptionsAllowed: rule.disruptionsAllowed });
    }
  }

  get hasBudgets(): boolean {
    return this.budgets.size > 0;
  }

  budgetsOf(info: PodInfo): DisruptionBudget[] {
    return [...this.budgets.values()].filter(({ term }) => info.labels.terms.includes(term));
  }

  /** What is reserved holds resources alone. */
  private count({ info, slot, isLeaving, isReservation }: PlacedPod, sign: 1 | -1): void {
    if (isReservation) return;
    this.classes.place(info.labels, slot, { count: sign, isLeaving });
    for (const { placed } of info.shape.affinity.holders) placed.add(slot, sign);
  }

  private ownerOf(pod: V1Pod): SpreadOwner {
    const controllerUid = pod.metadata?.ownerReferences?.find(({ controller }) => controller)?.uid ?? '';
    if (controllerUid !== '' || pod.spec?.topologySpreadConstraints?.length)
      return { controllerUid, serviceSelectors: [] };
    const labels = pod.metadata?.labels ?? {};
    const serviceSelectors: Array<Record<string, string>> = [];
    for (const selector of this.services.get(pod.metadata?.namespace ?? '')?.values() ?? []) {
      if (Object.entries(selector).every(([key, value]) => labels[key] === value)) serviceSelectors.push(selector);
    }
    return { controllerUid, serviceSelectors };
  }

  private sweepShapes(): void {
    let idle = 0;
    for (const { users } of this.shapes.values()) if (users === 0) idle++;
    if (idle <= idleShapesMax) return;
    for (const [key, { users }] of this.shapes) if (users === 0) this.shapes.delete(key);
    const kept = new Set<PodTerm>();
    for (const { term } of this.budgets.values()) kept.add(term);
    for (const { shape } of this.shapes.values()) for (const term of termsOf(shape)) kept.add(term);
    this.classes.keepTerms(kept);
    this.holders.keepTerms(kept);
  }
}

/** Every term that a shape's rules are about. */
function* termsOf({ affinity, spread }: PodShape): Generator<PodTerm> {
  for (const rule of [
    ...affinity.required,
    ...affinity.requiredAnti,
    ...affinity.preferred,
    ...affinity.holders,
    ...spread.stated,
  ]) {
    yield rule.term;
  }
  if (spread.ownerTerm !== undefined) yield spread.ownerTerm;
}
