import type { ResourceDefinition } from '../definition.ts';
import type { DiscoveryV1EndpointPort, V1Endpoint, V1EndpointHints, V1EndpointSlice } from '../gen/types.ts';
import { ipAddress, parseIp } from '../validation/addresses.ts';
import { endpointAddress } from '../validation/endpoints.ts';
import { labels } from '../validation/labels.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import {
  dnsLabel,
  dnsSubdomain,
  fullyQualifiedName,
  labelValue,
  type NameCheck,
  qualifiedName,
} from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { PROTOCOLS } from '../validation/ports.ts';
import type { Report } from '../validation/report.ts';
import { all, below, fields, oneOf, present, type Rule, requiredOneOf, text } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { labelsChange } from './changes.ts';
import { ipWarnings } from './warnings.ts';

const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const ENDPOINTS_MAX = 1000;
const TOPOLOGY_MAX = 16;
const HINTS_MAX = 8;
const SHOWN_MAX = 3;

const port: Rule<DiscoveryV1EndpointPort> = fields<DiscoveryV1EndpointPort>({
  protocol: present(oneOf(PROTOCOLS)),
  appProtocol: text(qualifiedName),
});

const ports: Rule<readonly DiscoveryV1EndpointPort[]> = (list, at, context) => {
  if (list.length > PORTS_MAX) return at.tooMany(PORTS_MAX);
  const names = new Set<string>();
  list.forEach((item, i) => {
    const name = item.name ?? '';
    if (name) for (const complaint of dnsLabel(name)) at.invalid(complaint, i, 'name');
    if (names.has(name)) at.duplicate(name, i, 'name');
    names.add(name);
    below(at, i, item, port, context);
  });
};

function ipOfFamily(family: 4 | 6): Rule<string> {
  return (address, at, context) => {
    const before = at.count;
    ipAddress(address, at, context);
    if (at.count > before) return;
    if (parseIp(address)?.family !== family) at.above(1, () => at.invalid(`must be an IPv${family} address`));
    endpointAddress(address, at, context);
  };
}

const ADDRESS_RULES: Readonly<Record<string, Rule<string>>> = {
  IPv4: ipOfFamily(4),
  IPv6: ipOfFamily(6),
  FQDN: (name, at) => {
    if (name === '') at.required();
    else for (const complaint of fullyQualifiedName(name)) at.invalid(complaint);
  },
};

const TYPES = Object.keys(ADDRESS_RULES);

function addresses(endpoint: V1Endpoint, type: string, at: Report): void {
  const list = endpoint.addresses ?? [];
  const rule = ADDRESS_RULES[type];
  if (list.length === 0) at.required('', 'addresses');
  else if (list.length > ADDRESSES_MAX) at.tooMany(ADDRESSES_MAX, 'addresses');
  at.enter('addresses');
  list.forEach((address, i) => {
    if (rule) below(at, i, address, rule, undefined);
  });
  at.leave();
}

/** Each name once, and of the right shape. */
function hintList(name: NameCheck): Rule<ReadonlyArray<{ name: string }>> {
  return (list, at) => {
    if (list.length > HINTS_MAX) return at.tooMany(HINTS_MAX);
    const seen = new Set<string>();
    list.forEach((hint, i) => {
      if (seen.has(hint.name)) at.duplicate(hint.name, i, 'name');
      seen.add(hint.name);
      for (const complaint of name(hint.name ?? '')) at.invalid(complaint, i, 'name');
    });
  };
}

const endpointRest: Rule<V1Endpoint> = fields<V1Endpoint>({
  nodeName: text(dnsSubdomain),
  deprecatedTopology: (map, at, context) => {
    if (Object.keys(map).length > TOPOLOGY_MAX) at.tooMany(TOPOLOGY_MAX);
    labels(map, at, context);
  },
  hostname: text(dnsLabel),
  hints: fields<V1EndpointHints>({ forZones: hintList(labelValue), forNodes: hintList(dnsSubdomain) }),
});

const endpointList: Rule<V1EndpointSlice> = (slice, at, context) => {
  const list = slice.endpoints ?? [];
  if (list.length > ENDPOINTS_MAX) return at.tooMany(ENDPOINTS_MAX, 'endpoints');
  at.enter('endpoints');
  list.forEach((endpoint, i) => {
    at.enter(i);
    addresses(endpoint, slice.addressType, at);
    endpointRest(endpoint, at, context);
    at.leave();
  });
  at.leave();
};

function some(list: readonly string[]): string {
  if (list.length === 0) return '<unset>';
  const shown = list.slice(0, SHOWN_MAX).join(',');
  return list.length > SHOWN_MAX ? `${shown} + ${list.length - SHOWN_MAX} more...` : shown;
}

function portsCell(slice: V1EndpointSlice): string {
  return some(
    (slice.ports ?? []).map(({ port: number, name }) => (number !== undefined ? String(number) : (name ?? '*'))),
  );
}

export const endpointslices: ResourceDefinition<V1EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
  type: 'V1EndpointSlice',
  hasGeneration: true,
  countsAsChange: labelsChange,
  setDefaults(draft) {
    for (const item of draft.ports ?? []) {
      item.name ??= '';
      item.protocol ??= 'TCP';
    }
  },
  ...validations<V1EndpointSlice>({
    metadata: namespacedMetadata,
    object: all<V1EndpointSlice>(fields<V1EndpointSlice>({ addressType: requiredOneOf(TYPES), ports }), endpointList),
    after: immutable<V1EndpointSlice>('addressType'),
  }),
  warnings(slice, previous) {
    const addressesOf = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
    const named = slice.addressType === 'FQDN' && !previous;
    const found = named
      ? ['addressType: FQDN endpoints are deprecated']
      : ipWarnings('endpoints.addresses', addressesOf);
    return found;
  },
  columns: [
    nameColumn,
    column('AddressType', 'What its addresses are.', (slice) => slice.addressType),
    column('Ports', 'Ports of the endpoints.', portsCell),
    column('Endpoints', 'Addresses of the endpoints.', (slice) =>
      some((slice.endpoints ?? []).flatMap((e) => e.addresses ?? [])),
    ),
    ageColumn,
  ],
};
