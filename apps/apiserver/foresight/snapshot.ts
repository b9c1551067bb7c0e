import { namespaces } from '../../../libs/api/kinds/namespace.ts';
import { nodes } from '../../../libs/api/kinds/node.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../../libs/api/kinds/poddisruptionbudget.ts';
import { replicasets } from '../../../libs/api/kinds/replicaset.ts';
import { services } from '../../../libs/api/kinds/service.ts';
import type { KubeObject, Resource } from '../../../libs/api/meta.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import type { Snapshot } from '../../../libs/scheduling/foresight/world.ts';
import { podgroups } from '../../../libs/scheduling/pod-groups.ts';

/** All that placement rests on, from the server's memory. */
export async function snapshotOf(client: Client): Promise<Snapshot> {
  const all = async <T extends KubeObject>(resource: Resource<T>) => (await client.list(resource)).items;
  return {
    nodes: await all(nodes),
    pods: await all(pods),
    namespaces: await all(namespaces),
    services: await all(services),
    budgets: await all(poddisruptionbudgets),
    replicaSets: await all(replicasets),
    podGroups: await all(podgroups).catch(noneIfUnserved),
  };
}

/** Clusters have such objects only while their definition is installed. */
function noneIfUnserved(error: unknown): never[] {
  if (isStatus(error, 'NotFound')) return [];
  throw error;
}
