import type { V1Container, V1ObjectFieldSelector, V1Pod, V1ResourceFieldSelector } from '../api/gen/types.ts';
import { amountOf } from '../api/validation/amounts.ts';
import { StatusError } from '../base/status.ts';

/** What the node lets a pod know of itself. */
export interface PodFacts {
  pod: V1Pod;
  podIps: readonly string[];
  hostIps: readonly string[];
  nodeCpuMillis: number;
  nodeMemoryBytes: number;
}

/** `key="value"` lines, sorted, values quoted as Go quotes them. */
function mapText(map: Record<string, string> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key])}`)
    .join('\n');
}

const subscripted = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** The value of a field of the pod. @throws StatusError for a path that cannot be read. */
export function fieldValue(facts: PodFacts, selector: V1ObjectFieldSelector): string {
  const { pod } = facts;
  const path = selector.fieldPath;
  const match = subscripted.exec(path);
  if (match) return pod.metadata?.[match[1] === 'labels' ? 'labels' : 'annotations']?.[match[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata?.name ?? '';
    case 'metadata.namespace':
      return pod.metadata?.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata?.uid ?? '';
    case 'metadata.labels':
      return mapText(pod.metadata?.labels);
    case 'metadata.annotations':
      return mapText(pod.metadata?.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIps[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIps.join(',');
    case 'status.podIP':
      return facts.podIps[0] ?? '';
    case 'status.podIPs':
      return facts.podIps.join(',');
    default:
      throw new StatusError('Invalid', `unsupported fieldPath: ${path}`);
  }
}

function nodeDefault(facts: PodFacts, resource: string): bigint | undefined {
  if (resource === 'limits.cpu') return amountOf(`${facts.nodeCpuMillis}m`);
  if (resource === 'limits.memory') return amountOf(String(facts.nodeMemoryBytes));
  return undefined;
}

const cpuDivisorDefault = '1';

/** A container's resource in units of the divisor, rounded up; the node's own where the container sets no limit. */
export function resourceValue(facts: PodFacts, container: V1Container, selector: V1ResourceFieldSelector): string {
  const [list, ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  const resources = list === 'limits' ? container.resources?.limits : container.resources?.requests;
  const quantity = resources?.[name];
  const amount = quantity === undefined ? (nodeDefault(facts, selector.resource) ?? 0n) : amountOf(quantity);
  const divisor = amountOf(selector.divisor || cpuDivisorDefault);
  const unit = divisor === 0n ? amountOf('1') : divisor;
  return String((amount + unit - 1n) / unit);
}
