import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1Pod,
  V1PodTemplateSpec,
  V1StatefulSet,
} from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { controllerOf, hasEnded, isLeaving } from './pods.ts';
import type { Snapshot } from './world.ts';

const hashLabel = 'pod-template-hash';
/** What a template's revision is labelled with until a controller has made one. */
const foreseenHash = 'foreseen';

/** A kind that makes pods, or a pod itself; told apart by `kind`. */
export type Workload = KubeObject & { spec?: object };

const templated = new Set(['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet', 'Job']);

/** Whether applying the object makes pods, now or on a schedule. */
export function makesPods({ kind }: KubeObject): boolean {
  return kind === 'Pod' || kind === 'CronJob' || templated.has(kind ?? '');
}

export function templateOf(object: Workload): V1PodTemplateSpec | undefined {
  if (object.kind === 'CronJob') return (object as V1CronJob).spec?.jobTemplate.spec?.template;
  return templated.has(object.kind ?? '') ? (object as V1Deployment).spec?.template : undefined;
}

/** How many pods it wants at once; of a DaemonSet nobody knows before nodes are looked at. */
export function replicasOf(object: Workload): number {
  if (object.kind === 'Pod') return 1;
  if (object.kind === 'CronJob') return jobPods((object as V1CronJob).spec?.jobTemplate as V1Job | undefined);
  if (object.kind === 'Job') return (object as V1Job).spec?.suspend ? 0 : jobPods(object as V1Job);
  return (object as V1Deployment).spec?.replicas ?? 1;
}

function jobPods(job: V1Job | undefined): number {
  const parallel = job?.spec?.parallelism ?? 1;
  return job?.spec?.completions === undefined ? parallel : Math.min(parallel, job.spec.completions);
}

export function isSameTemplate(object: Workload, previous: Workload | undefined): boolean {
  return previous !== undefined && sameValue(templateOf(object), templateOf(previous));
}

/** The living pods of a workload, those of a Deployment through its ReplicaSets. */
export function ownedPods(object: KubeObject, { pods, replicaSets }: Snapshot): V1Pod[] {
  const uid = object.metadata?.uid;
  if (!uid) return [];
  const owners = new Set([uid]);
  for (const set of replicaSets) if (controllerOf(set)?.uid === uid) owners.add(set.metadata?.uid ?? '');
  return pods.filter((pod) => owners.has(controllerOf(pod)?.uid ?? '') && !hasEnded(pod) && !isLeaving(pod));
}

/**
 * A pod as the workload's controller would make it, without a name of its own: what the API has to say of it (defaults,
 * priority, refusals) is the same for all replicas. With an unchanged template it joins the pods that are there.
 */
export function samplePod(
  object: Workload,
  previous: Workload | undefined,
  owned: readonly V1Pod[],
): V1Pod | undefined {
  if (object.kind === 'Pod') return previous === undefined ? (object as V1Pod) : undefined;
  const template = templateOf(object);
  if (template === undefined) return undefined;
  const { name = '', namespace, uid } = object.metadata ?? {};
  const sibling = isSameTemplate(object, previous) ? owned[0] : undefined;
  const isDeployment = object.kind === 'Deployment';
  const own = { apiVersion: object.apiVersion ?? '', kind: object.kind ?? '', name, uid: uid || `foreseen/${name}` };
  const set = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${foreseenHash}`, uid: `${own.uid}/new` };
  const owner = (sibling && controllerOf(sibling)) ?? { ...(isDeployment ? set : own), controller: true };
  const hash = sibling?.metadata?.labels?.[hashLabel] ?? foreseenHash;
  const labels = { ...template.metadata?.labels, ...(isDeployment ? { [hashLabel]: hash } : {}) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels,
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
      ownerReferences: [owner],
    },
    spec: template.spec ?? { containers: [] },
  };
}

/** One of the equal pods of a sample. */
export function replica(sample: V1Pod, name: string): V1Pod {
  const { resourceVersion: _, generateName: _1, ...metadata } = sample.metadata ?? {};
  return { ...sample, metadata: { ...metadata, name, uid: `foreseen/${metadata.namespace}/${name}` } };
}

/** The pod of a DaemonSet for one node. Source: the DaemonSet documentation on how daemon pods are scheduled. */
export function daemonReplica(sample: V1Pod, set: V1DaemonSet, nodeName: string): V1Pod {
  const pod = replica(sample, `${set.metadata?.name}/${nodeName}`);
  const affinity = pod.spec?.affinity;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const field = { key: 'metadata.name', operator: 'In', values: [nodeName] };
  const nodeSelectorTerms = (required?.nodeSelectorTerms ?? [{}]).map((term) => ({ ...term, matchFields: [field] }));
  const nodeAffinity = {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  const states = ['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];
  const bears = states.map((state) => ({ key: `node.kubernetes.io/${state}`, operator: 'Exists' as const }));
  const tolerations = [...(pod.spec?.tolerations ?? []), ...bears];
  const spec = { ...pod.spec, containers: pod.spec?.containers ?? [], affinity: { ...affinity, nodeAffinity } };
  return { ...pod, spec: { ...spec, tolerations } };
}

export const partitionOf = (set: V1StatefulSet): number => set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
