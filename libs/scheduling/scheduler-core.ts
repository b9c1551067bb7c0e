import type { ClassView } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import type { WeightedPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { type Preemption, Preemptor } from './preemption.ts';
import { defaultProfile, type ProfileOf } from './profiles.ts';
import { unschedulableMessage } from './reasons.ts';
import { Views } from './views.ts';

/** Where a pod goes, or why it goes nowhere. */
export type Decision =
  | {
      kind: 'node';
      nodeName: string;
      slot: number;
      score: number;
      /** Where room was kept for the pod; it is kept no longer. */
      nominatedNodeName: string | undefined;
    }
  | {
      kind: 'unschedulable';
      message: string;
      /** Sum of the `wakesOn` of the plugins that refused some node. */
      wakesOn: number;
    };

/**
 * Decides where pods go. The same cluster and the same pod give the same answer, and deciding changes nothing but that
 * room is no longer kept for a pod that gets a node. Whoever acts on a decision says so with `Cluster.place`.
 */
export class SchedulerCore {
  readonly views: Views;
  /** The view that the last decision was made with. */
  lastView: ClassView | undefined;
  private readonly preemptor: Preemptor;
  private readonly cluster: Cluster;
  private readonly profileOf: ProfileOf;

  /** With profiles, or with the plugins of all pods. */
  constructor(cluster: Cluster, profiles: ProfileOf | readonly WeightedPlugin[] = () => defaultProfile) {
    this.cluster = cluster;
    this.profileOf = typeof profiles === 'function' ? profiles : () => ({ ...defaultProfile, plugins: profiles });
    this.views = new Views(cluster, (name) => this.profileOf(name)?.plugins ?? defaultProfile.plugins);
    this.preemptor = new Preemptor(cluster);
  }

  /** Where the pod goes now. Room that is kept for it counts as free for it alone. */
  decide(info: PodInfo): Decision {
    const nomination = this.cluster.denominate(info.uid);
    const view = this.views.of(info);
    this.lastView = view;
    const choice = view.choose(info.seed);
    const { names } = this.cluster.table;
    const nominatedNodeName = nomination && names[nomination.slot];
    if (choice === undefined) {
      const refusal = this.refuse(info);
      if (nominatedNodeName !== undefined) this.cluster.nominate(info, nominatedNodeName);
      return refusal;
    }
    const { slot, score } = choice;
    return { kind: 'node', nodeName: names[slot]!, slot, score, nominatedNodeName };
  }

  /**
   * Whom to evict so that a pod without room fits; undefined when that would not help. Room that is kept for the pod
   * itself is no hindrance, and is given up for the room that is found.
   */
  preempt(info: PodInfo): Preemption | undefined {
    if (!this.mayPreempt(info)) return undefined;
    const own = this.cluster.denominate(info.uid);
    const view = this.views.of(info);
    const found = view.objection === undefined ? this.preemptor.find(info, this.views.keyOf(info), view) : undefined;
    if (own !== undefined && found === undefined) this.cluster.nominate(info, this.cluster.table.names[own.slot]!);
    return found;
  }

  /**
   * Why evicting pods does not help a pod that fits nowhere, in the words of Kubernetes; '' without any nodes, and where
   * the profile does without preemption. Call it after `decide`, before anything changes.
   */
  preemptionNote(info: PodInfo): string {
    const { count } = this.cluster.table;
    if (count === 0 || !this.mayPreempt(info)) return '';
    if (info.pod.spec?.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.';
    const view = this.views.of(info);
    const hopeless = view.objection === undefined ? view.finalCount : count;
    const counts = this.preemptor.objections(info, view, count - hopeless);
    if (hopeless > 0) counts.set('Preemption is not helpful for scheduling', hopeless);
    return `preemption: ${unschedulableMessage(count, counts)}`;
  }

  private mayPreempt({ shape }: PodInfo): boolean {
    return this.profileOf(shape.pod.spec?.schedulerName)?.preempts !== false;
  }

  private refuse(info: PodInfo): Decision {
    const view = this.views.of(info);
    const { objection } = view;
    const message = unschedulableMessage(this.cluster.table.count, objection ?? view.refusalCounts());
    return { kind: 'unschedulable', message, wakesOn: view.wakesOn };
  }
}
