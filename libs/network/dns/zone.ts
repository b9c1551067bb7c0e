import type { V1EndpointSlice, V1Service } from '../../api/gen/types.ts';
import { slicesByService } from '../service-table.ts';

export interface ServiceTarget {
  /** The name that a SRV record points to. */
  host: string;
  port: number;
}

/** What a name answers. A name that exists without a record of the asked type answers with none. */
export interface NameRecords {
  addresses: string[];
  services: ServiceTarget[];
  alias?: string;
}

/** All names of the cluster's zone: absolute, lower case, without the last dot. */
export interface Zone {
  names: Map<string, NameRecords>;
  /** `d.c.b.a.in-addr.arpa` -> name. */
  pointers: Map<string, string>;
}

/**
 * The cluster's zone from its services and endpoint slices.
 * Source: Kubernetes DNS-Based Service Discovery specification, version 1.1.0.
 */
export function computeZone(services: Iterable<V1Service>, slices: Iterable<V1EndpointSlice>, domain: string): Zone {
  const zone: Zone = { names: new Map(), pointers: new Map() };
  const bySlice = slicesByService(slices);
  for (const service of services) {
    const { namespace = '', name = '' } = service.metadata ?? {};
    const base = `${name}.${namespace}.svc.${domain}`;
    if (service.spec?.type === 'ExternalName') addAlias(zone, base, service.spec.externalName);
    else if (service.spec?.clusterIP === 'None') addHeadless(zone, base, bySlice.get(`${namespace}/${name}`) ?? []);
    else addClusterIp(zone, base, service);
  }
  for (const name of [...zone.names.keys()]) addParents(zone, name);
  return zone;
}

/** The names of `a.b.svc` that have no records of their own must still exist (RFC 8020), e.g. `_tcp.name.ns.svc`. */
function addParents(zone: Zone, name: string): void {
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) at(zone, name.slice(dot + 1));
}

function at(zone: Zone, name: string): NameRecords {
  const known = zone.names.get(name);
  if (known) return known;
  const records: NameRecords = { addresses: [], services: [] };
  zone.names.set(name, records);
  return records;
}

function addAlias(zone: Zone, base: string, target: string | undefined): void {
  if (target) at(zone, base).alias = target.replace(/\.$/, '').toLowerCase();
}

function addClusterIp(zone: Zone, base: string, service: V1Service): void {
  const ips = (service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? '']).filter((ip) => ip.includes('.'));
  at(zone, base).addresses.push(...ips);
  for (const ip of ips) zone.pointers.set(reverseName(ip), base);
  for (const port of service.spec?.ports ?? []) {
    addService(zone, base, { name: port.name, protocol: port.protocol, target: { host: base, port: port.port } });
  }
}

function addHeadless(zone: Zone, base: string, slices: V1EndpointSlice[]): void {
  at(zone, base);
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue;
      for (const ip of endpoint.addresses) {
        const host = `${endpoint.hostname ?? ip.replaceAll('.', '-')}.${base}`;
        addOnce(at(zone, base).addresses, ip);
        addOnce(at(zone, host).addresses, ip);
        if (endpoint.hostname) zone.pointers.set(reverseName(ip), host);
        for (const port of slice.ports ?? []) {
          if (port.port)
            addService(zone, base, { name: port.name, protocol: port.protocol, target: { host, port: port.port } });
        }
      }
    }
  }
}

function addService(zone: Zone, base: string, port: { name?: string; protocol?: string; target: ServiceTarget }): void {
  if (!port.name) return;
  const { services } = at(zone, `_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${base}`);
  if (!services.some((known) => known.host === port.target.host && known.port === port.target.port))
    services.push(port.target);
}

function addOnce(list: string[], value: string): void {
  if (!list.includes(value)) list.push(value);
}

/** `10.96.0.1` -> `1.0.96.10.in-addr.arpa`. */
export function reverseName(ip: string): string {
  return `${ip.split('.').reverse().join('.')}.in-addr.arpa`;
}
