import type { FieldError } from '../../definition.ts';
import type { V1ContainerStatus, V1Pod, V1PodStatus } from '../../gen/types.ts';
import { ipAddress, parseIp } from '../addresses.ts';
import { metadataUpdate } from '../metadata.ts';
import { dnsSubdomain, qualifiedName } from '../names.ts';
import { Report } from '../report.ts';
import { below } from '../rule.ts';
import { annotationUpdates } from './pod.ts';

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];

function conditions(status: V1PodStatus, at: Report): void {
  status.conditions?.forEach((condition, i) => {
    if ((condition.observedGeneration ?? 0) < 0)
      at.invalid('must not be negative', 'conditions', i, 'observedGeneration');
    if (SYSTEM_CONDITIONS.includes(condition.type)) return;
    for (const complaint of qualifiedName(condition.type)) at.invalid(complaint, 'conditions', i, 'Type');
  });
}

/** A container that has ended for good does not come back. */
function ended(pod: V1Pod, previous: V1Pod, list: 'containerStatuses' | 'initContainerStatuses', at: Report): void {
  const containers = list === 'containerStatuses' ? previous.spec?.containers : previous.spec?.initContainers;
  previous.status?.[list]?.forEach((old: V1ContainerStatus, i) => {
    if (!old.state?.terminated) return;
    const now = pod.status?.[list]?.find((status) => status.name === old.name);
    if (!now || now.state?.terminated) return;
    const container = containers?.find((c) => c.name === old.name);
    const rules = container?.restartPolicyRules?.length;
    const policy = container?.restartPolicy ?? previous.spec?.restartPolicy;
    const restarts = policy === 'Always' || (policy === 'OnFailure' && old.state.terminated.exitCode !== 0);
    if (!restarts && !rules) at.forbidden('a terminated container does not start again', list, i, 'state');
  });
}

function addresses(list: ReadonlyArray<{ ip?: string }> | undefined, at: Report, step: 'podIPs' | 'hostIPs'): void {
  if (!list?.length) return;
  list.forEach(({ ip = '' }, i) => {
    at.enter(step);
    below(at, i, ip, ipAddress, undefined);
    at.leave();
  });
  if (list.length < 2) return;
  const families = new Set(list.map(({ ip = '' }) => parseIp(ip)?.family));
  if (families.size < 2 || list.length > 2) at.invalid('at most one address of each family', step);
}

function claims({ spec, status }: V1Pod, at: Report): void {
  const asked = new Set(spec?.resourceClaims?.map(({ name }) => name));
  const seen = new Set<string>();
  status?.resourceClaimStatuses?.forEach(({ name = '', resourceClaimName }, i) => {
    if (!asked.has(name)) at.invalid('must be one of spec.resourceClaims', 'resourceClaimStatuses', i, 'name');
    if (seen.has(name)) at.duplicate(name, 'resourceClaimStatuses', i, 'name');
    seen.add(name);
    if (resourceClaimName === undefined) return;
    for (const complaint of dnsSubdomain(resourceClaimName)) {
      at.invalid(complaint, 'resourceClaimStatuses', i, 'resourceClaimName');
    }
  });
}

export function validatePodStatusUpdate(pod: V1Pod, previous: V1Pod): FieldError[] {
  const at = new Report();
  const status = pod.status ?? {};
  const before = previous.status ?? {};
  metadataUpdate(pod, previous, at);
  annotationUpdates(pod, previous, at);
  at.enter('status');
  conditions(status, at);
  nominatedNode(status.nominatedNodeName, previous, at);
  if ((status.observedGeneration ?? 0) < 0) at.invalid('must not be negative', 'observedGeneration');
  if (status.qosClass !== before.qosClass) at.invalid('field is immutable', 'qosClass');
  ended(pod, previous, 'containerStatuses', at);
  ended(pod, previous, 'initContainerStatuses', at);
  claims(pod, at);
  addresses(status.podIPs, at, 'podIPs');
  if (status.hostIPs?.length && status.hostIP !== status.hostIPs[0]!.ip) {
    at.invalid('must be equal to hostIP', 'hostIPs', 0, 'ip');
  }
  addresses(status.hostIPs, at, 'hostIPs');
  at.leave();
  return at.errors;
}

function nominatedNode(now: string | undefined, { spec, status }: V1Pod, at: Report): void {
  if (!now || now === status?.nominatedNodeName) return;
  for (const complaint of dnsSubdomain(now)) at.invalid(complaint, 'nominatedNodeName');
  if (spec?.nodeName) at.forbidden('not for pods that have a node', 'nominatedNodeName');
}
