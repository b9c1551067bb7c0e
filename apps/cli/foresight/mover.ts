import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { type Relocation, relocationAnnotation, relocationOf } from '../../../libs/api/kinds/pod/relocation.ts';
import type { KubeObject } from '../../../libs/api/meta.ts';
import type { Mover } from '../../../libs/scheduling/foresight/movable.ts';
import type { Api } from '../api.ts';
import { CliError } from '../command.ts';
import { pathOfPod } from './evicting.ts';

const mergePatch = { body: 'application/merge-patch+json' };
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
/** Cheaper than whatever people write. */
const cheapest = String(1 - 2 ** 31);
const conflictCode = 409;
const goneCode = 404;

/** A Deployment or ReplicaSet as far as moving its pods goes. */
export interface Workload extends KubeObject {
  spec?: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    updatedReplicas?: number;
  };
}

interface List<T> {
  items?: T[];
}

const pathOf = ({ kind, namespace, name }: Mover): string =>
  `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${kind.toLowerCase()}s/${encodeURIComponent(name)}`;

/** @throws CliError when it is gone */
export async function readWorkload(api: Api, mover: Mover): Promise<Workload> {
  return (await api.ask('GET', pathOf(mover))) as Workload;
}

/** Why the workload is in no state to move a pod; undefined when all its replicas are there and ready. */
export function unrest({ metadata, spec, status }: Workload, kind: Mover['kind']): string | undefined {
  const wanted = spec?.replicas ?? 1;
  if (relocationOf({ metadata } as KubeObject) !== undefined) return 'another pod of it is being moved';
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return 'its controller has yet to look at it';
  if (kind === 'Deployment' && status?.updatedReplicas !== wanted) return 'it is being rolled out';
  if (status?.replicas !== wanted || status.readyReplicas !== wanted) return 'not all of its replicas are ready';
  return undefined;
}

/** One replica more, and the mark that says why, in one write. False when the workload has changed meanwhile. */
export async function surge(api: Api, mover: Mover, workload: Workload, relocation: Relocation): Promise<boolean> {
  const annotations = { [relocationAnnotation]: JSON.stringify(relocation) };
  const { resourceVersion } = workload.metadata ?? {};
  return write(api, mover, { metadata: { resourceVersion, annotations }, spec: { replicas: relocation.replicas + 1 } });
}

/**
 * Takes the extra replica and the mark off again, in one write: the move's end as well as its undoing, since the
 * ReplicaSet deletes what is not ready first and then what is cheapest. A size that others have set meanwhile stays.
 */
export async function settle(api: Api, mover: Mover): Promise<void> {
  for (;;) {
    const workload = await readWorkload(api, mover);
    const relocation = relocationOf(workload);
    const { resourceVersion, annotations } = workload.metadata ?? {};
    if (annotations?.[relocationAnnotation] === undefined) return;
    const isOurs = relocation !== undefined && workload.spec?.replicas === relocation.replicas + 1;
    const spec = isOurs ? { spec: { replicas: relocation.replicas } } : {};
    const metadata = { resourceVersion, annotations: { [relocationAnnotation]: null } };
    if (await write(api, mover, { metadata, ...spec })) return;
  }
}

async function write(api: Api, mover: Mover, patch: object): Promise<boolean> {
  const { code, body } = await api.send('PATCH', pathOf(mover), patch, mergePatch);
  if (code === conflictCode) return false;
  if (code >= 300) throw new CliError(body.message ?? `${pathOf(mover)}: ${code}`);
  return true;
}

/** Makes the pod the first to be deleted when its set shrinks, or an ordinary one again. A pod that is gone is fine. */
export async function setCheapest(api: Api, pod: V1Pod, isCheapest: boolean): Promise<void> {
  const annotations = { [costAnnotation]: isCheapest ? cheapest : null };
  const metadata = { uid: pod.metadata?.uid, annotations };
  const { code, body } = await api.send('PATCH', pathOfPod(pod), { metadata }, mergePatch);
  if (code >= 300 && code !== goneCode && code !== conflictCode) throw new CliError(body.message ?? String(code));
}

/** The living pods of a workload, those of a Deployment through its sets. */
export async function podsOf(api: Api, mover: Mover): Promise<V1Pod[]> {
  const namespace = encodeURIComponent(mover.namespace);
  const owners = new Set([mover.uid]);
  if (mover.kind === 'Deployment') {
    const sets = (await api.ask('GET', `/apis/apps/v1/namespaces/${namespace}/replicasets`)) as List<KubeObject>;
    for (const set of sets.items ?? []) if (controllerUid(set) === mover.uid) owners.add(set.metadata?.uid ?? '');
  }
  const { items = [] } = (await api.ask('GET', `/api/v1/namespaces/${namespace}/pods`)) as List<V1Pod>;
  return items.filter((pod) => owners.has(controllerUid(pod) ?? '') && !pod.metadata?.deletionTimestamp);
}

function controllerUid({ metadata }: KubeObject): string | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller)?.uid;
}

/** Workloads that a move has left with one replica too many. */
export async function leftovers(api: Api): Promise<Mover[]> {
  const found: Mover[] = [];
  for (const kind of ['Deployment', 'ReplicaSet'] as const) {
    const { items = [] } = (await api.ask('GET', `/apis/apps/v1/${kind.toLowerCase()}s`)) as List<KubeObject>;
    for (const { metadata } of items) {
      // Deployments hand their annotations down to their sets, whose sizes are the Deployment's business.
      const isOwned = metadata?.ownerReferences?.some(({ controller }) => controller);
      if (isOwned || metadata?.annotations?.[relocationAnnotation] === undefined) continue;
      found.push({ kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' });
    }
  }
  return found;
}
