import type { V1Node, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { Cluster } from '../../libs/scheduling/cluster.ts';
import { SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';

/** The pod with parts of its specification replaced. */
export function withSpec(pod: V1Pod, spec: Partial<V1PodSpec>): V1Pod {
  return { ...pod, spec: { ...pod.spec!, ...spec } };
}

export interface Placement {
  /** Names of the nodes that every plugin admits. */
  fits: string[];
  /** The node chosen, or why there is none. */
  answer: string;
  scores(nodeName: string): Map<string, number>;
}

/** What the default profile says about a pod beside those that have a node already. */
export function place(nodes: readonly V1Node[], running: readonly V1Pod[], pod: V1Pod): Placement {
  const cluster = clusterOf(nodes, running);
  const core = new SchedulerCore(cluster);
  const info = cluster.read(pod);
  const decision = core.decide(info);
  const view = core.views.of(info);
  const slot = (name: string) => cluster.table.slotOf(name)!;
  return {
    fits: nodes.map(({ metadata }) => metadata!.name!).filter((name) => view.refusalsOf(slot(name)).length === 0),
    answer: decision.kind === 'node' ? decision.nodeName : decision.message,
    scores: (name) => view.scoresOf(slot(name)),
  };
}

export function clusterOf(nodes: readonly V1Node[], running: readonly V1Pod[]): Cluster {
  const cluster = new Cluster();
  for (const node of nodes) cluster.setNode(node);
  for (const pod of running) cluster.place(cluster.read(pod), pod.spec!.nodeName!);
  return cluster;
}
