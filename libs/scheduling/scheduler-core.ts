import type { Cluster } from './cluster.ts';
import type { WeightedPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { unschedulableMessage } from './reasons.ts';
import { defaultPlugins } from './registry.ts';
import { Views } from './views.ts';

/** Where a pod goes, or why it goes nowhere. */
export type Decision =
  | { kind: 'node'; nodeName: string; slot: number; score: number }
  | {
      kind: 'unschedulable';
      message: string;
      /** Sum of the `wakesOn` of the plugins that refused some node. */
      wakesOn: number;
    };

/**
 * Decides where pods go. Pure: the same cluster and the same pod give the same answer, and nothing is changed by
 * deciding. Whoever acts on a decision says so with `Cluster.place`.
 */
export class SchedulerCore {
  readonly views: Views;
  private readonly cluster: Cluster;

  constructor(cluster: Cluster, plugins: readonly WeightedPlugin[] = defaultPlugins) {
    this.cluster = cluster;
    this.views = new Views(cluster, plugins);
  }

  decide(info: PodInfo): Decision {
    const choice = this.views.of(info).choose(info.seed);
    if (choice === undefined) return this.refuse(info);
    return { kind: 'node', nodeName: this.cluster.table.names[choice.slot]!, ...choice };
  }

  private refuse(info: PodInfo): Decision {
    const view = this.views.of(info);
    const message = unschedulableMessage(this.cluster.table.count, view.refusalCounts());
    return { kind: 'unschedulable', message, wakesOn: view.wakesOn };
  }
}
