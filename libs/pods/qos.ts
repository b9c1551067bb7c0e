import type { V1Pod, V1ResourceRequirements } from '../api/gen/types.ts';
import { amountOf } from '../api/validation/amounts.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const counted = ['cpu', 'memory'];

function positive(list: Record<string, string> | undefined, name: string): bigint | undefined {
  const quantity = list?.[name];
  if (quantity === undefined) return undefined;
  const amount = amountOf(quantity);
  return amount > 0n ? amount : undefined;
}

/**
 * Guaranteed when every container limits CPU and memory and asks for just that, BestEffort when none asks for anything,
 * Burstable otherwise. Resources of the pod as a whole, where set, decide alone.
 */
export function qosClassOf(pod: V1Pod): QosClass {
  const own = pod.spec?.resources;
  const holders: Array<V1ResourceRequirements | undefined> =
    own?.requests || own?.limits
      ? [own]
      : [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(({ resources }) => resources);
  let any = false;
  let exact = true;
  for (const resources of holders) {
    for (const name of counted) {
      const limit = positive(resources?.limits, name);
      const request = positive(resources?.requests, name) ?? limit;
      if (limit !== undefined || request !== undefined) any = true;
      if (limit === undefined || request !== limit) exact = false;
    }
  }
  if (!any) return 'BestEffort';
  return exact ? 'Guaranteed' : 'Burstable';
}

const guaranteedOomScore = -997;
const bestEffortOomScore = 1000;
const systemCriticalPriority = 2_000_000_000;

/**
 * How readily the kernel kills a container when memory runs out: a burstable one the more readily, the less of the
 * node's memory it asked for.
 */
export function oomScoreOf(pod: V1Pod, memoryRequestBytes: number, nodeMemoryBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= systemCriticalPriority) return guaranteedOomScore;
  const qos = qosClassOf(pod);
  if (qos === 'Guaranteed') return guaranteedOomScore;
  if (qos === 'BestEffort') return bestEffortOomScore;
  const score = 1000 - Math.floor((1000 * memoryRequestBytes) / Math.max(1, nodeMemoryBytes));
  return Math.min(bestEffortOomScore - 1, Math.max(1000 + guaranteedOomScore, score));
}
