import { deployments } from '../../libs/api/kinds/deployment.ts';
import { horizontalpodautoscalers } from '../../libs/api/kinds/horizontalpodautoscaler.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { replicasets } from '../../libs/api/kinds/replicaset.ts';
import type { KubeObject, Resource } from '../../libs/api/meta.ts';
import type { Metrics } from '../../libs/base/metrics.ts';
import type { InformerSet } from '../../libs/client/informer-set.ts';
import { registerStateMetrics } from '../../libs/statemetrics/register.ts';

/** Shows the objects of whichever informers run; none while another process holds the lease. */
export class StateMetrics {
  private informers: InformerSet | undefined;

  constructor(metrics: Metrics) {
    const of =
      <T extends KubeObject>(resource: Resource<T>) =>
      (): Iterable<T> =>
        this.informers?.of(resource).list() ?? [];
    registerStateMetrics(metrics, {
      pods: of(pods),
      deployments: of(deployments),
      replicaSets: of(replicasets),
      autoscalers: of(horizontalpodautoscalers),
      nodes: of(nodes),
    });
  }

  /** Shows these from now on. Call it before they start, so that every kind that is shown is followed. */
  show(informers: InformerSet | undefined): void {
    this.informers = informers;
    for (const resource of [pods, deployments, replicasets, horizontalpodautoscalers, nodes] as Resource[])
      informers?.of(resource);
  }
}
