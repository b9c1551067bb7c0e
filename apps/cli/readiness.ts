import type { Api } from './api.ts';

interface NodeList {
  items?: Array<{ metadata: { name: string }; status?: { conditions?: Array<{ type: string; status: string }> } }>;
}

interface LeaseList {
  items?: Array<{ metadata: { name: string }; spec?: { holderIdentity?: string; renewTime?: string } }>;
}

/**
 * Those of the nodes that are not Ready, or whose session is older than `sinceMs`: what an earlier run left in the
 * store says Ready too. A server writes a node's Lease when its session begins.
 */
export async function notReady(api: Api, names: readonly string[], sinceMs: number): Promise<string[]> {
  const [nodes, leases] = await Promise.all([
    read<NodeList>(api, '/api/v1/nodes'),
    read<LeaseList>(api, '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'),
  ]);
  const ready = new Set(
    (nodes.items ?? [])
      .filter((node) => node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'))
      .map((node) => node.metadata.name),
  );
  const held = new Set(
    (leases.items ?? [])
      .filter(({ spec }) => spec?.holderIdentity && Date.parse(spec.renewTime ?? '') >= sinceMs)
      .map((lease) => lease.metadata.name),
  );
  return names.filter((name) => !ready.has(name) || !held.has(name));
}

async function read<T extends object>(api: Api, path: string): Promise<T> {
  const answer = await api.send('GET', path).catch(() => undefined);
  return (answer?.code === 200 ? answer.body : {}) as T;
}
