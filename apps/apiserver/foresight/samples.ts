import type { V1Pod, V1PriorityClass } from '../../../libs/api/gen/types.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { priorityclasses } from '../../../libs/api/kinds/priorityclass.ts';
import type { KubeObject } from '../../../libs/api/meta.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import type { PlanItem } from '../../../libs/scheduling/foresight/plan.ts';
import { makesPods, ownedPods, samplePod, type Workload } from '../../../libs/scheduling/foresight/workload.ts';
import type { Snapshot } from '../../../libs/scheduling/foresight/world.ts';

/** What is being applied together; later objects may rest on earlier ones that do not exist yet. */
export interface Together {
  client: Client;
  snapshot: Snapshot;
  others: readonly KubeObject[];
}

/**
 * An object with a pod of it as the API would admit it: defaults, priority, tolerations, overhead, quotas. The pod is
 * created without being stored.
 */
export async function itemOf(object: Workload, previous: Workload | undefined, together: Together): Promise<PlanItem> {
  const item = { object, ...(previous && { previous }) };
  if (!makesPods(object)) return item;
  const sample = samplePod(object, previous, ownedPods(object, together.snapshot));
  if (sample === undefined) return item;
  // A bare pod has been admitted itself.
  if (object.kind === 'Pod' && object.metadata?.uid) return { ...item, sample };
  try {
    return { ...item, sample: await admitted(sample, together) };
  } catch (error) {
    if (!isStatus(error) || error.code >= 500) throw error;
    return { ...item, refusal: `its pods would be refused: ${error.message}` };
  }
}

async function admitted(sample: V1Pod, { client, others }: Together): Promise<V1Pod> {
  if (restsOnOthers(sample, others)) return assumed(sample, client, others);
  const { status: _, ...fresh } = sample;
  return client.create(pods, fresh, { dryRun: true });
}

/** Whether the namespace or the priority class comes with the same manifest, so that the API cannot admit the pod yet. */
function restsOnOthers({ metadata, spec }: V1Pod, others: readonly KubeObject[]): boolean {
  const has = (kind: string, name: string | undefined) =>
    others.some((other) => other.kind === kind && other.metadata?.name === name);
  return has('Namespace', metadata?.namespace) || has('PriorityClass', spec?.priorityClassName);
}

/** Defaults and priority alone. */
async function assumed(sample: V1Pod, client: Client, others: readonly KubeObject[]): Promise<V1Pod> {
  const pod = structuredClone(sample);
  pods.setDefaults?.(pod);
  const standing = (await client.list(priorityclasses)).items;
  const classes = [...standing, ...(others.filter(({ kind }) => kind === 'PriorityClass') as V1PriorityClass[])];
  const name = pod.spec?.priorityClassName;
  const chosen = classes.find((one) => (name ? one.metadata?.name === name : one.globalDefault));
  pod.spec!.priority = chosen?.value ?? 0;
  pod.spec!.preemptionPolicy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
  return pod;
}
