import type { V1Pod } from '../gen/types.ts';
import type { Quantity } from '../quantity/quantity.ts';
import { isHugePages, isNative } from '../validation/resources.ts';
import { type Amounts, amountsOf, count } from './amounts.ts';
import { isPodLevel, podResources } from './pod-resources.ts';

const computeNames = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** Resources that quotas count by pods; huge pages and extended resources come on top. */
const podNames: ReadonlySet<string> = new Set([
  'pods',
  'count/pods',
  ...computeNames.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);

export function isPodResource(name: string): boolean {
  if (podNames.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')) return true;
  return isExtendedOfQuota(name);
}

function isExtendedOfQuota(name: string): boolean {
  return (
    name.startsWith('requests.') && (!isNative(name) || name.startsWith('requests.deviceclass.resource.kubernetes.io/'))
  );
}

/** What a pod counts for. One that has ended, or should have long ago, only counts as an object. */
export function podUsage(pod: V1Pod, nowMs: number): Map<string, Quantity> {
  const usage = new Map([['count/pods', count(1)]]);
  if (!isActive(pod, nowMs)) return usage;
  const options = { withStatus: true, withOverhead: true };
  const amounts = named(podResources(pod, 'requests', options), podResources(pod, 'limits', options));
  for (const [name, amount] of amounts) usage.set(name, amount);
  return usage;
}

/** Whether a pod still takes what it asks for. */
export function isActive({ metadata, status }: V1Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (!deletionTimestamp || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** Requests and limits under the names that quotas have for them. */
function named(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map([['pods', count(1)]]);
  for (const name of computeNames) {
    const request = requests.get(name);
    const limit = limits.get(name);
    if (request) usage.set(name, request).set(`requests.${name}`, request);
    if (limit) usage.set(`limits.${name}`, limit);
  }
  for (const [name, request] of requests) {
    if (isHugePages(name)) usage.set(name, request).set(`requests.${name}`, request);
    else if (!isNative(name)) usage.set(`requests.${name}`, request);
  }
  return usage;
}

const demanded = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

/** Where CPU or memory are bounded each container must say what it takes; why the pod is refused otherwise. */
export function missingDemands({ spec }: V1Pod, names: readonly string[]): string | undefined {
  const { requests, limits } = spec?.resources ?? {};
  if (Object.keys({ ...requests, ...limits }).some(isPodLevel)) return undefined;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const missing = names
    .filter((name) => demanded.has(name))
    .sort()
    .flatMap((name) => {
      const lacking = containers.filter(
        ({ resources }) => !named(amountsOf(resources?.requests), amountsOf(resources?.limits)).has(name),
      );
      return lacking.length > 0
        ? [`${name} for: ${[...new Set(lacking.map((one) => one.name))].sort().join(',')}`]
        : [];
    });
  return missing.length > 0 ? `must specify ${missing.join('; ')}` : undefined;
}
