import type { V1PodSpec, V1ResourceRequirements } from '../../gen/types.ts';
import { type Amount, amountOf } from '../../validation/amounts.ts';

type Totals = { cpu: Amount; memory: Amount };

/** Adds the amounts that are more than nothing; says whether there were both. */
function add(totals: Totals, list: Readonly<Record<string, string>> | undefined): boolean {
  const cpu = list?.cpu === undefined ? 0n : amountOf(list.cpu);
  const memory = list?.memory === undefined ? 0n : amountOf(list.memory);
  if (cpu > 0n) totals.cpu += cpu;
  if (memory > 0n) totals.memory += memory;
  return cpu > 0n && memory > 0n;
}

/**
 * The quality of service class: Guaranteed when every container limits CPU and memory and requests as much,
 * BestEffort when none asks for anything, Burstable else. Resources of the whole pod stand for its containers'.
 */
export function qualityOfService(spec: V1PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const parts: Array<V1ResourceRequirements | undefined> = spec.resources
    ? [spec.resources]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.resources);
  const requests: Totals = { cpu: 0n, memory: 0n };
  const limits: Totals = { cpu: 0n, memory: 0n };
  let allLimited = parts.length > 0;
  for (const part of parts) {
    add(requests, part?.requests);
    if (!add(limits, part?.limits)) allLimited = false;
  }
  if (requests.cpu + requests.memory + limits.cpu + limits.memory === 0n) return 'BestEffort';
  const matched = requests.cpu === limits.cpu && requests.memory === limits.memory;
  return allLimited && matched ? 'Guaranteed' : 'Burstable';
}
