import type { V1Pod, V1ReplicaSet } from '../../api/gen/types.ts';
import { BudgetLedger } from './budgets.ts';
import { hasLocalData } from './drain.ts';
import { controllerOf, isDaemon, isLeaving, isMirror } from './pods.ts';
import type { Snapshot } from './world.ts';

/** The object whose size is changed to move a pod. */
export interface Mover {
  kind: 'Deployment' | 'ReplicaSet';
  namespace: string;
  name: string;
  uid: string;
}

/** Says which pods can be moved by starting another one first, and why others cannot. */
export class MovableRules {
  private readonly sets = new Map<string, V1ReplicaSet>();
  /** Sets with pods, by the Deployment that owns them: more than one means that it is being rolled out. */
  private readonly setsInUse = new Map<string, number>();
  private readonly ledger: BudgetLedger;
  private readonly autoscaled: ReadonlySet<string>;

  /** `autoscaled` holds `Kind/namespace/name` of what an autoscaler gives its size. */
  constructor({ replicaSets, budgets }: Snapshot, autoscaled: ReadonlySet<string>) {
    for (const set of replicaSets) {
      this.sets.set(set.metadata?.uid ?? '', set);
      const owner = controllerOf(set)?.uid;
      const isInUse = (set.spec?.replicas ?? 0) > 0 || (set.status?.replicas ?? 0) > 0;
      if (owner !== undefined && isInUse) this.setsInUse.set(owner, (this.setsInUse.get(owner) ?? 0) + 1);
    }
    this.ledger = new BudgetLedger(budgets);
    this.autoscaled = autoscaled;
  }

  /** Pods that belong to their node say nothing about how it is used. */
  isOfNode(pod: V1Pod): boolean {
    return isDaemon(pod) || isMirror(pod);
  }

  moverOf(pod: V1Pod): Mover | undefined {
    const owner = controllerOf(pod);
    const set = owner?.kind === 'ReplicaSet' ? this.sets.get(owner.uid) : undefined;
    if (set === undefined) return undefined;
    const { namespace = '', name = '', uid = '' } = set.metadata ?? {};
    const above = controllerOf(set);
    if (above === undefined) return { kind: 'ReplicaSet', namespace, name, uid };
    return above.kind === 'Deployment'
      ? { kind: 'Deployment', namespace, name: above.name, uid: above.uid }
      : undefined;
  }

  /** Why the pod stays where it is; undefined when it can be moved. */
  objection(pod: V1Pod): string | undefined {
    const mover = this.moverOf(pod);
    if (mover === undefined) {
      const owner = controllerOf(pod);
      return owner === undefined ? 'nothing owns it' : `pods of a ${owner.kind} cannot be started ahead`;
    }
    if (isLeaving(pod)) return 'it is on its way out';
    const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (pod.status?.phase !== 'Running' || !isReady) return 'it is not ready';
    if ((this.setsInUse.get(mover.uid) ?? 0) > 1) return `Deployment ${mover.name} is being rolled out`;
    if (this.autoscaled.has(`${mover.kind}/${mover.namespace}/${mover.name}`)) return 'an autoscaler gives it its size';
    if (hasLocalData(pod)) return 'it has data on its node (emptyDir)';
    return this.ledger.objection(pod);
  }
}
