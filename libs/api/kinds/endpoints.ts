import type { ResourceDefinition } from '../definition.ts';
import type { CoreV1EndpointPort, V1EndpointAddress, V1EndpointSubset, V1Endpoints } from '../gen/types.ts';
import { ipAddress } from '../validation/addresses.ts';
import { endpointAddress } from '../validation/endpoints.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { PROTOCOLS, portNumber } from '../validation/ports.ts';
import { all, always, each, fields, orZero, type Rule, requiredOneOf, text } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';

const SHOWN_MAX = 3;

const address: Rule<V1EndpointAddress> = all<V1EndpointAddress>(
  fields<V1EndpointAddress>({
    ip: always((ip, at) => ipAddress(ip ?? '', at, undefined)),
    hostname: text(dnsLabel),
    nodeName: text(dnsSubdomain),
  }),
  fields<V1EndpointAddress>({ ip: always((ip, at) => endpointAddress(ip ?? '', at, undefined)) }),
);

const port: Rule<CoreV1EndpointPort> = fields<CoreV1EndpointPort>({
  name: text(dnsLabel),
  port: orZero(portNumber),
  protocol: requiredOneOf(PROTOCOLS),
  appProtocol: text(qualifiedName),
});

const subset: Rule<V1EndpointSubset> = all<V1EndpointSubset>(
  (set, at) => {
    if (!set.addresses?.length && !set.notReadyAddresses?.length) at.required('needs addresses');
  },
  fields<V1EndpointSubset>({
    addresses: each(address),
    notReadyAddresses: each(address),
    ports: (list, at, context) => {
      list.forEach((item, i) => {
        if (list.length > 1 && !item.name) at.required('needed among several ports', i, 'name');
        at.enter(i);
        port(item, at, context);
        at.leave();
      });
    },
  }),
);

function endpointsCell(endpoints: V1Endpoints): string {
  const all = (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap((p) => addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${p.port}` : `${ip}:${p.port}`))),
  );
  if (!endpoints.subsets?.length) return '<none>';
  const shown = all.slice(0, SHOWN_MAX).join(',');
  return all.length > SHOWN_MAX ? `${shown} + ${all.length - SHOWN_MAX} more...` : shown;
}

export const endpoints: ResourceDefinition<V1Endpoints> = {
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  type: 'V1Endpoints',
  createOnUpdate: true,
  setDefaults(draft) {
    for (const set of draft.subsets ?? []) for (const item of set.ports ?? []) item.protocol ||= 'TCP';
  },
  ...validations<V1Endpoints>({
    metadata: namespacedMetadata,
    object: fields<V1Endpoints>({ subsets: each(subset) }),
    metadataAgain: true,
  }),
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [nameColumn, column('Endpoints', 'Addresses that take traffic.', endpointsCell), ageColumn],
};
