import type { V1PodSpec, V1ResourceRequirements } from '../../gen/types.ts';
import { type Amount, amountOf } from '../../validation/amounts.ts';

type Totals = { cpu: Amount; memory: Amount };

function add(totals: Totals, list: Readonly<Record<string, string>> | undefined): void {
  for (const name of ['cpu', 'memory'] as const) {
    const amount = list?.[name] === undefined ? 0n : amountOf(list[name]);
    if (amount > 0n) totals[name] += amount;
  }
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
    add(limits, part?.limits);
    const own: Totals = { cpu: 0n, memory: 0n };
    add(own, part?.limits);
    if (own.cpu === 0n || own.memory === 0n) allLimited = false;
  }
  if (requests.cpu + requests.memory + limits.cpu + limits.memory === 0n) return 'BestEffort';
  const matched = requests.cpu === limits.cpu && requests.memory === limits.memory;
  return allLimited && matched ? 'Guaranteed' : 'Burstable';
}
