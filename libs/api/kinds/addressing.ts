import type { ResourceDefinition } from '../definition.ts';
import type { V1IPAddress, V1ParentReference, V1ServiceCIDR, V1ServiceCIDRSpec } from '../gen/types.ts';
import { cidrBlock, formatIp, parseCidr, parseIp } from '../validation/addresses.ts';
import { clusterMetadata, metadata } from '../validation/metadata.ts';
import { dnsSubdomain, pathSegment } from '../validation/names.ts';
import { immutable, type UpdateRule, validations } from '../validation/object.ts';
import { below, each, fields, filled, present, type Rule, required, text } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { ownStatus } from './strategy.ts';

const parent: Rule<V1ParentReference> = fields<V1ParentReference>({
  group: filled(text(dnsSubdomain)),
  resource: required(text(pathSegment)),
  name: required(text(pathSegment)),
  namespace: filled(text(pathSegment)),
});

function addressName(name: string): readonly string[] {
  const ip = parseIp(name);
  return ip && formatIp(ip) === name ? [] : ['must be an IP address in canonical form'];
}

function parentCell({ spec }: V1IPAddress): string {
  const { group, resource, namespace, name } = spec?.parentRef ?? { resource: '', name: '' };
  return `${resource}${group ? `.${group}` : ''}/${namespace ? `${namespace}/` : ''}${name}`;
}

/** An address of a service. Its name is the address. */
export const ipaddresses: ResourceDefinition<V1IPAddress> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  singular: 'ipaddress',
  shortNames: ['ip'],
  namespaced: false,
  type: 'V1IPAddress',
  ...validations<V1IPAddress>({
    metadata: metadata({ name: addressName, namespaced: false }),
    created: fields<V1IPAddress>({ spec: present(fields({ parentRef: present(parent) })) }),
    before: immutable<V1IPAddress>('spec.parentRef'),
    asNewFirst: true,
  }),
  columns: [nameColumn, column('ParentRef', 'Whose address it is.', parentCell)],
  selectableFields: {},
};

const ranges: Rule<readonly string[]> = required((list, at, context) => {
  if (list.length > 2) return at.invalid('at most two ranges');
  each(cidrBlock)(list, at, context);
  const families = new Set(list.map((range) => parseCidr(range)?.ip.family));
  if (list.length === 2 && families.size < 2) at.invalid('one range of each family');
});

/** A second range may be added, of the other family; those that are there stay. */
const rangesStay: UpdateRule<V1ServiceCIDR> = ({ spec }, { spec: before }, at) => {
  const [now, then] = [spec?.cidrs ?? [], before?.cidrs ?? []];
  const isAdded = then.length === 1 && now.length === 2;
  at.enter('spec');
  if (now.length !== then.length && !isAdded) at.invalid('field is immutable', 'cidrs');
  else {
    then.forEach((range, i) => {
      if (now[i] !== range) at.invalid('field is immutable', 'cidrs', i);
    });
    if (isAdded) below(at, 'cidrs', now, ranges, undefined);
  }
  at.leave();
};

export const servicecidrs: ResourceDefinition<V1ServiceCIDR> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  singular: 'servicecidr',
  namespaced: false,
  type: 'V1ServiceCIDR',
  ...ownStatus<V1ServiceCIDR>('V1ServiceCIDRStatus'),
  ...validations<V1ServiceCIDR>({
    metadata: clusterMetadata,
    created: fields<V1ServiceCIDR>({ spec: present(fields<V1ServiceCIDRSpec>({ cidrs: ranges })) }),
    before: rangesStay,
    status: () => {},
  }),
  columns: [
    nameColumn,
    column('CIDRs', 'Ranges of addresses.', (object) => (object.spec?.cidrs ?? []).join(',')),
    ageColumn,
  ],
};
