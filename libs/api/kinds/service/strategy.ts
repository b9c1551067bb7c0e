import type { V1Service, V1ServiceSpec } from '../../gen/types.ts';
import { sameValue } from '../../validation/equality.ts';
import { isExternal, needsClusterIp, needsHealthCheck, needsNodePort } from './shape.ts';

const AFFINITY_SECONDS = 10_800;

export function defaultService(service: V1Service): void {
  service.spec ??= {};
  const spec = service.spec;
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExternal(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (needsNodePort(spec) || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) {
    if (spec.type === 'LoadBalancer' && ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

/** Addresses are written in two ways, of which clients may know one only. */
export function unifyClusterIps(spec: V1ServiceSpec, before?: V1ServiceSpec): void {
  if (!before) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const samePlural = sameValue(spec.clusterIPs, before.clusterIPs);
  if (spec.clusterIP === before.clusterIP) {
    if (before.clusterIPs?.length && !spec.clusterIPs?.length) spec.clusterIPs = before.clusterIPs;
  } else if (samePlural) {
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
    else delete spec.clusterIPs;
  }
}

/** What the API server allocated stays unless the client says otherwise. */
function keepAllocated(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  if (needsClusterIp(before) && needsClusterIp(spec)) {
    spec.clusterIP ||= before.clusterIP;
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = before.clusterIPs;
    spec.ipFamilies ??= before.ipFamilies;
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy;
  }
  if (needsNodePort(before) && needsNodePort(spec)) keepNodePorts(spec, before);
  if (needsHealthCheck(before) && needsHealthCheck(spec)) spec.healthCheckNodePort ||= before.healthCheckNodePort;
}

function keepNodePorts(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  const used = new Set((spec.ports ?? []).map((port) => port.nodePort));
  for (const port of spec.ports ?? []) {
    const old = before.ports?.find((other) => (other.name ?? '') === (port.name ?? ''))?.nodePort;
    if (!port.nodePort && old && !used.has(old)) port.nodePort = old;
  }
}

type Condition = (spec: V1ServiceSpec) => boolean;

const isLoadBalancer: Condition = (spec) => spec.type === 'LoadBalancer';

/** Fields that only make sense for some types of service. */
const OF_TYPE: ReadonlyArray<[Condition, ReadonlyArray<keyof V1ServiceSpec>]> = [
  [needsHealthCheck, ['healthCheckNodePort']],
  [isLoadBalancer, ['allocateLoadBalancerNodePorts', 'loadBalancerClass']],
  [isExternal, ['externalTrafficPolicy']],
  [needsClusterIp, ['internalTrafficPolicy']],
];

/** When the type changes, what the old type brought with it goes, unless the client changed it. */
function dropFieldsOfOldType(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  if (needsClusterIp(before) && !needsClusterIp(spec)) {
    if (spec.clusterIP === before.clusterIP && sameValue(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameValue(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (needsNodePort(before) && !needsNodePort(spec)) {
    const old = new Set(before.ports?.map((port) => port.nodePort));
    const unchanged = (spec.ports ?? []).every((port) => !port.nodePort || old.has(port.nodePort));
    for (const port of spec.ports ?? []) if (unchanged) delete port.nodePort;
  }
  for (const [applies, names] of OF_TYPE) {
    if (!applies(before) || applies(spec)) continue;
    for (const name of names) if (sameValue(spec[name], before[name])) delete spec[name];
  }
}

export function prepareNewService(service: V1Service): void {
  service.status = { loadBalancer: {} };
  unifyClusterIps(service.spec!);
}

export function prepareServiceUpdate(service: V1Service, previous: V1Service): void {
  const [spec, before] = [service.spec!, previous.spec!];
  service.status = previous.status;
  unifyClusterIps(spec, before);
  keepAllocated(spec, before);
  dropFieldsOfOldType(spec, before);
  if (!isLoadBalancer(spec)) service.status = { ...previous.status, loadBalancer: {} };
}
