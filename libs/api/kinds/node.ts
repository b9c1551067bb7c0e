import type { ResourceDefinition } from '../definition.ts';
import type { V1Node, V1Taint } from '../gen/types.ts';
import { cidrBlock, parseCidr } from '../validation/addresses.ts';
import { amountOf } from '../validation/amounts.ts';
import { sameValue } from '../validation/equality.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { labelValue, qualifiedName } from '../validation/names.ts';
import { type UpdateRule, validations } from '../validation/object.ts';
import type { Report } from '../validation/report.ts';
import { resourceAmount } from '../validation/resources.ts';
import { below, type Rule } from '../validation/rule.ts';
import { TAINT_EFFECTS } from '../validation/tolerations.ts';
import { ageColumn, nameColumn, orNone, text, wide } from './cells.ts';
import { ownStatus } from './strategy.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

/** Complaints about taints stand at `metadata.taints`, where they once were written. */
function taints(list: readonly V1Taint[] | undefined, at: Report): void {
  const seen = new Set<string>();
  list?.forEach((taint, i) => {
    const place = ['metadata', 'taints', i];
    for (const complaint of qualifiedName(taint.key ?? '')) at.invalid(complaint, ...place, 'key');
    if (labelValue(taint.value ?? '').length > 0) at.invalid('is no label value', ...place, 'value');
    if (!taint.effect) at.required('', ...place, 'effect');
    else if (!TAINT_EFFECTS.includes(taint.effect)) at.notSupported(TAINT_EFFECTS, ...place, 'effect');
    const key = `${taint.effect} ${taint.key}`;
    if (seen.has(key)) at.duplicate(key, ...place);
    seen.add(key);
  });
}

const resources: Rule<V1Node> = (node, at) => {
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of Object.entries(node.status?.[list] ?? {})) {
      resourceAmount(name, amountOf(amount), at, 'status', list, name);
    }
  }
};

const podRanges: Rule<V1Node> = (node, at) => {
  const ranges = node.spec?.podCIDRs ?? [];
  ranges.forEach((range, i) => {
    at.enter('spec');
    at.enter('podCIDRs');
    below(at, i, range, cidrBlock, undefined);
    at.leave();
    at.leave();
  });
  const families = new Set(ranges.map((range) => parseCidr(range)?.ip.family));
  if (ranges.length > 1 && families.size !== ranges.length) at.invalid('one range of each family', 'spec', 'podCIDRs');
};

const nodeUpdate: UpdateRule<V1Node> = (node, previous, at) => {
  resources(node, at, undefined);
  const addresses = node.status?.addresses ?? [];
  addresses.forEach((address, i) => {
    if (addresses.slice(0, i).some((other) => sameValue(other, address)))
      at.duplicate(address, 'status', 'addresses', i);
  });
  const before = previous.spec?.podCIDRs ?? [];
  if (before.length > 0 && !sameValue(before, node.spec?.podCIDRs)) at.forbidden('stays as it is', 'spec', 'podCIDRs');
  if (previous.spec?.providerID && previous.spec.providerID !== node.spec?.providerID) {
    at.forbidden('stays as it is', 'spec', 'providerID');
  }
  taints(node.spec?.taints, at);
};

const newNode: Rule<V1Node> = (node, at, context) => {
  taints(node.spec?.taints, at);
  resources(node, at, context);
  podRanges(node, at, context);
};

function statusCell(node: V1Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const word = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

function rolesCell(node: V1Node): string {
  const roles = Object.entries(node.metadata?.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length) || [];
    return key === 'kubernetes.io/role' && value ? value : [];
  });
  return orNone([...new Set(roles)].sort().join(','));
}

function addressCell(type: string): (node: V1Node) => string {
  return (node) => orNone(node.status?.addresses?.find((address) => address.type === type)?.address);
}

function kernelCell(node: V1Node): string {
  const info = node.status?.nodeInfo;
  const kernel = info?.kernelVersion || '<unknown>';
  return info?.architecture ? `${kernel} (${info.architecture})` : kernel;
}

function mergeRanges(node: V1Node): void {
  const spec = node.spec;
  if (!spec) return;
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  if (spec.podCIDRs?.length && spec.podCIDR !== spec.podCIDRs[0]) spec.podCIDR = spec.podCIDRs[0];
}

export const nodes: ResourceDefinition<V1Node> = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  type: 'V1Node',
  subresources: [{ name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }],
  ...ownStatus<V1Node>('V1NodeStatus'),
  setDefaults(draft) {
    mergeRanges(draft);
    const status = draft.status;
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  },
  /** Whoever registers a node also says what it has. */
  prepareForCreate() {},
  ...validations<V1Node>({
    metadata: clusterMetadata,
    created: newNode,
    before: nodeUpdate,
    asNewFirst: true,
    status: nodeUpdate,
  }),
  columns: [
    nameColumn,
    text('Status', 'Whether the node is ready and takes pods.', statusCell),
    text('Roles', 'Roles the node was given.', rolesCell),
    ageColumn,
    text('Version', 'Version of its agent.', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
    wide(text('Internal-IP', 'Address within the cluster.', addressCell('InternalIP'))),
    wide(text('External-IP', 'Address from outside.', addressCell('ExternalIP'))),
    wide(text('OS-Image', 'Operating system.', (node) => node.status?.nodeInfo?.osImage || '<unknown>')),
    wide(text('Kernel-Version', 'Kernel.', kernelCell)),
    wide(
      text('Container-Runtime', 'Runtime.', (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'),
    ),
  ],
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
};
