import type {
  V1CSINode,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
  V1StorageClass,
} from '../../libs/api/gen/types.ts';
import { type KubeObject, nameOf, objectKey } from '../../libs/api/meta.ts';
import { labelSelectorOf } from '../../libs/api/selectors/label-selector.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { InformerHandler } from '../../libs/client/informer.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import type { PlacedPod, PodInfo } from '../../libs/scheduling/pod-info.ts';
import type { ProfileOf } from '../../libs/scheduling/profiles.ts';
import type { SchedulingQueue } from '../../libs/scheduling/queue.ts';
import type { Views } from '../../libs/scheduling/views.ts';
import { nodeChange } from './node-changes.ts';
import { podChange } from './pod-changes.ts';

export interface IntakeParts {
  cluster: Cluster;
  queue: SchedulingQueue;
  views: Views;
  clock: Clock;
  /** Pods of schedulers without a profile are left alone. */
  profileOf: ProfileOf;
  /** Called when there may be something to decide. */
  poke(): void;
  /** Called with the uid of a pod that waits no longer: somebody has bound it, or it is gone. */
  left(uid: string): void;
}

/** Turns what happens in the API into changes of the cluster and of the queue. */
export class Intake {
  private readonly parts: IntakeParts;
  /** What was read of each living pod, placed or waiting. */
  private readonly infos = new Map<string, PodInfo>();
  private readonly gated = new Set<string>();
  private changes = 0;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  readonly pods: InformerHandler<V1Pod> = {
    added: (pod) => this.podChanged(pod),
    updated: (pod) => this.podChanged(pod),
    deleted: (pod) => this.podGone(pod.metadata?.uid ?? ''),
  };

  readonly nodes: InformerHandler<V1Node> = {
    added: (node) => {
      this.parts.cluster.setNode(node);
      this.changed(wakesOn.nodeAdded);
    },
    updated: (node, previous) => {
      const { isRelevant, wakes } = nodeChange(node, previous);
      if (!isRelevant) return;
      this.parts.cluster.setNode(node);
      if (wakes !== 0) this.changed(wakes);
    },
    deleted: (node) => {
      this.parts.cluster.removeNode(node.metadata?.name ?? '');
      // Fewer domains can relax a spread.
      this.changed(wakesOn.nodeLabels);
    },
  };

  readonly namespaces: InformerHandler<V1Namespace> = {
    added: (namespace) => this.namespaceChanged(namespace),
    updated: (namespace) => this.namespaceChanged(namespace),
    deleted: (namespace) => this.parts.cluster.setNamespace(namespace.metadata?.name ?? '', undefined),
  };

  readonly services: InformerHandler<V1Service> = {
    added: (service) => this.serviceChanged(service, service.spec?.selector),
    updated: (service) => this.serviceChanged(service, service.spec?.selector),
    deleted: (service) => this.serviceChanged(service, undefined),
  };

  readonly budgets: InformerHandler<V1PodDisruptionBudget> = {
    added: (budget) => this.budgetChanged(budget),
    updated: (budget) => this.budgetChanged(budget),
    deleted: (budget) => this.parts.cluster.setBudget(keyOf(budget), undefined),
  };

  readonly claims = this.followed<V1PersistentVolumeClaim>((claim, key) =>
    this.parts.cluster.volumes.setClaim(key, claim),
  );
  readonly volumes = this.followed<V1PersistentVolume>((volume, key) =>
    this.parts.cluster.volumes.setVolume(key, volume),
  );
  readonly csiNodes = this.followed<V1CSINode>((node, key) => this.parts.cluster.volumes.setNode(key, node));
  readonly storageClasses = this.followed<V1StorageClass>((each, key) =>
    this.parts.cluster.volumes.setClass(key, each),
  );

  /** What is kept as it is; each change of it may help pods that wait for volumes. */
  private followed<T extends KubeObject>(set: (object: T | undefined, key: string) => void): InformerHandler<T> {
    const changed = (object: T | undefined, key: string) => {
      set(object, key);
      this.changed(wakesOn.volumes);
    };
    return {
      added: (object) => changed(object, objectKey(nameOf(object))),
      updated: (object) => changed(object, objectKey(nameOf(object))),
      deleted: (object) => changed(undefined, objectKey(nameOf(object))),
    };
  }

  /** Remembers changes until the next decision, so that many of them wake the waiting pods once. */
  changed(changes: number): void {
    this.changes |= changes;
    this.parts.poke();
  }

  /** Pods that wait for their scheduling gates to be taken away. */
  get gatedCount(): number {
    return this.gated.size;
  }

  /** The changes since the last call. */
  takeChanges(): number {
    const { changes } = this;
    this.changes = 0;
    return changes;
  }

  private podChanged(pod: V1Pod): void {
    const uid = pod.metadata?.uid ?? '';
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') this.podGone(uid);
    else if (pod.spec?.nodeName) this.podBound(pod, uid, pod.spec.nodeName);
    else if (this.parts.cluster.placedPod(uid) !== undefined) this.refreshAssumed(pod, uid);
    else if (!this.isMine(pod)) this.podGone(uid);
    else if (pod.spec?.schedulingGates?.length) this.podGated(uid);
    else this.podWaits(pod, uid);
  }

  private isMine({ spec, metadata }: V1Pod): boolean {
    return this.parts.profileOf(spec?.schedulerName) !== undefined && !metadata?.deletionTimestamp;
  }

  private podGated(uid: string): void {
    if (this.parts.queue.get(uid) !== undefined) this.podGone(uid);
    this.gated.add(uid);
  }

  private podBound(pod: V1Pod, uid: string, nodeName: string): void {
    const { cluster, queue } = this.parts;
    const placed = cluster.placedPod(uid);
    const before = this.infos.get(uid);
    const isHere = placed !== undefined && cluster.table.names[placed.slot] === nodeName;
    if (isHere && before !== undefined && before === placed.info) {
      const change = podChange(pod, before.pod);
      if (change === 'none') this.seePlaced(placed, pod);
      if (change === 'labels') {
        this.seePlaced(placed, pod);
        cluster.relabel(placed, pod);
        this.changed(wakesOn.podPlaced);
      }
      if (change !== 'any') return;
    }
    const info = this.read(pod, uid);
    const isSame =
      isHere &&
      placed.info.shape === info.shape &&
      placed.info.labels === info.labels &&
      placed.isLeaving === (pod.metadata?.deletionTimestamp !== undefined);
    if (isSame) {
      this.seePlaced(placed, pod);
      return;
    }
    if (placed !== undefined) cluster.displace(uid);
    cluster.denominate(uid);
    queue.remove(uid);
    this.parts.left(uid);
    cluster.place(info, nodeName);
    this.changed(wakesOn.podPlaced | (placed === undefined ? 0 : wakesOn.podRemoved));
  }

  /** Nothing that placing rests on has changed, but when a pod started says what its eviction would cost. */
  private seePlaced({ info, slot }: PlacedPod, pod: V1Pod): void {
    const hasStarted = info.pod.status?.startTime !== pod.status?.startTime;
    info.pod = pod;
    if (hasStarted) this.parts.cluster.table.touch(slot);
  }

  /** The pod was given a node here and its binding is under way; what it says of itself may change meanwhile. */
  private refreshAssumed(pod: V1Pod, uid: string): void {
    if (pod.metadata?.deletionTimestamp) this.podGone(uid);
  }

  private podWaits(pod: V1Pod, uid: string): void {
    const { queue, views, clock } = this.parts;
    const before = this.infos.get(uid);
    const info = this.read(pod, uid);
    const isWaiting = queue.get(uid) !== undefined;
    // An update that changes nothing for placement, such as our own condition, must not cause another attempt.
    if (isWaiting && before?.shape === info.shape && before.labels === info.labels) return;
    this.gated.delete(uid);
    queue.add(info, views.queueKeyOf(info), clock.monotonic());
    this.parts.poke();
  }

  private podGone(uid: string): void {
    const { cluster, queue } = this.parts;
    this.gated.delete(uid);
    queue.remove(uid);
    this.parts.left(uid);
    const placed = cluster.displace(uid) ?? cluster.denominate(uid);
    const info = this.infos.get(uid);
    if (info !== undefined) cluster.forget(info);
    this.infos.delete(uid);
    if (placed !== undefined) this.changed(wakesOn.podRemoved);
  }

  private read(pod: V1Pod, uid: string): PodInfo {
    const { cluster } = this.parts;
    const before = this.infos.get(uid);
    const info = cluster.read(pod);
    if (before !== undefined) cluster.forget(before);
    this.infos.set(uid, info);
    return info;
  }

  private namespaceChanged(namespace: V1Namespace): void {
    this.parts.cluster.setNamespace(namespace.metadata?.name ?? '', namespace.metadata?.labels ?? {});
    this.changed(wakesOn.namespaceLabels);
  }

  private budgetChanged(budget: V1PodDisruptionBudget): void {
    this.parts.cluster.setBudget(keyOf(budget), {
      namespace: budget.metadata?.namespace ?? '',
      selector: labelSelectorOf(budget.spec?.selector),
      disruptionsAllowed: budget.status?.disruptionsAllowed ?? 0,
    });
  }

  private serviceChanged(service: V1Service, selector: Record<string, string> | undefined): void {
    const { namespace = '', name = '' } = service.metadata ?? {};
    this.parts.cluster.setService(namespace, name, selector);
  }
}

const keyOf = ({ metadata }: V1PodDisruptionBudget) => `${metadata?.namespace}/${metadata?.name}`;
