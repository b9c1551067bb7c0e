import type { PrinterColumn } from '../../definition.ts';
import type { V1Service } from '../../gen/types.ts';
import { ageColumn, formatLabels, nameColumn, orNone, text, wide } from '../cells.ts';

/** Addresses of a load balancer, once each, in order. */
export function balancerAddresses(ingress: ReadonlyArray<{ ip?: string; hostname?: string }> | undefined): string[] {
  const all = (ingress ?? []).map((item) => item.ip || item.hostname || '').filter((address) => address !== '');
  return [...new Set(all)].sort();
}

function externalCell(service: V1Service): string {
  const spec = service.spec ?? {};
  const own = spec.externalIPs ?? [];
  if (spec.type === 'ClusterIP' || spec.type === 'NodePort') return orNone(own.join(','));
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return '<unknown>';
  return [...balancerAddresses(service.status?.loadBalancer?.ingress), ...own].join(',') || '<pending>';
}

function portsCell(service: V1Service): string {
  const ports = (service.spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return orNone(ports.join(','));
}

export const serviceColumns: ReadonlyArray<PrinterColumn<V1Service>> = [
  nameColumn,
  text('Type', 'How the service is reached.', (service) => service.spec?.type ?? ''),
  text('Cluster-IP', 'Address within the cluster.', (service) => orNone(service.spec?.clusterIPs?.[0])),
  text('External-IP', 'Address from outside.', externalCell),
  text('Port(s)', 'Ports of the service.', portsCell),
  ageColumn,
  wide(text('Selector', 'Labels of the pods behind it.', (service) => formatLabels(service.spec?.selector))),
];
