import type { V1ServiceSpec } from '../../gen/types.ts';

export function isHeadless(spec: V1ServiceSpec | undefined): boolean {
  return spec?.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

export function needsClusterIp(spec: V1ServiceSpec): boolean {
  return spec.type !== 'ExternalName';
}

export function needsNodePort(spec: V1ServiceSpec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

/** Whether the service is reached from outside the cluster. */
export function isExternal(spec: V1ServiceSpec): boolean {
  return needsNodePort(spec) || (spec.type === 'ClusterIP' && !!spec.externalIPs?.length);
}

export function needsHealthCheck(spec: V1ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}
