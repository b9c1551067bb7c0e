import type { V1Endpoint, V1EndpointSlice, V1ObjectMeta } from '../../api/gen/types.ts';

export const endpointsPerSliceMax = 100;

export type AddressType = 'IPv4' | 'IPv6';

export interface SlicePort {
  name: string;
  port?: number;
  protocol: string;
  appProtocol?: string;
}

/** Endpoints that offer the same ports. */
export interface PortGroup {
  ports: SlicePort[];
  endpoints: V1Endpoint[];
}

export interface SlicePlan {
  create: V1EndpointSlice[];
  update: V1EndpointSlice[];
  remove: V1EndpointSlice[];
}

export interface SlicesWanted {
  addressType: AddressType;
  groups: readonly PortGroup[];
  /** Labels, annotations and owner that each slice must have. */
  metadata: Pick<V1ObjectMeta, 'generateName' | 'namespace' | 'labels' | 'ownerReferences'>;
  triggerTime?: string;
}

const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
const identityOf = (endpoint: V1Endpoint) => `${endpoint.targetRef?.uid ?? ''}|${endpoint.addresses.join(',')}`;
const textOf = (value: unknown) => JSON.stringify(value);

function portsText(ports: readonly SlicePort[] | undefined): string {
  const rows = (ports ?? []).map((port) => [port.name ?? '', port.port, port.protocol ?? 'TCP', port.appProtocol]);
  return textOf(rows.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1)));
}

/**
 * The writes that make `existing` hold what is wanted. An endpoint stays in its slice, new ones fill the slices that
 * change anyway and then those with room, so that one change of one pod is one write.
 */
export function planSlices(wanted: SlicesWanted, existing: readonly V1EndpointSlice[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const groups = wanted.groups.length > 0 ? wanted.groups : [{ ports: [], endpoints: [] }];
  const unclaimed = new Set(existing.filter((slice) => slice.addressType === wanted.addressType));
  for (const slice of existing) if (slice.addressType !== wanted.addressType) plan.remove.push(slice);
  for (const group of groups) {
    const mine = [...unclaimed].filter((slice) => portsText(slice.ports as SlicePort[]) === portsText(group.ports));
    for (const slice of mine) unclaimed.delete(slice);
    planGroup(wanted, group, mine, plan);
  }
  plan.remove.push(...unclaimed);
  return plan;
}

function planGroup(wanted: SlicesWanted, group: PortGroup, mine: readonly V1EndpointSlice[], plan: SlicePlan): void {
  const missing = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const drafts = mine.map((slice) => {
    const endpoints: V1Endpoint[] = [];
    for (const old of slice.endpoints ?? []) {
      const current = missing.get(identityOf(old));
      if (!current || !missing.delete(identityOf(old))) continue;
      endpoints.push(current);
    }
    return {
      slice,
      endpoints,
      changed: textOf(endpoints.map(orderKeys)) !== textOf((slice.endpoints ?? []).map(orderKeys)),
    };
  });
  drafts.sort((a, b) => Number(b.changed) - Number(a.changed));
  const rest = [...missing.values()];
  for (const draft of drafts) {
    const taken = rest.splice(0, endpointsPerSliceMax - draft.endpoints.length);
    draft.endpoints.push(...taken);
    draft.changed ||= taken.length > 0;
  }
  const needed = drafts.filter((draft) => draft.endpoints.length > 0);
  // A service without endpoints keeps one empty slice, so that its readers see that it is known.
  const keepEmpty = needed.length === 0 && rest.length === 0 ? drafts[0] : undefined;
  for (const draft of drafts) {
    if (draft.endpoints.length === 0 && draft !== keepEmpty) plan.remove.push(draft.slice);
    else if (draft.changed || metadataDiffers(draft.slice, wanted))
      plan.update.push(updated(draft.slice, draft.endpoints, wanted));
  }
  if (drafts.length === 0 && rest.length === 0) plan.create.push(made(wanted, group, []));
  while (rest.length > 0) plan.create.push(made(wanted, group, rest.splice(0, endpointsPerSliceMax)));
}

/** The same keys in the same order, whoever wrote the endpoint. */
function orderKeys(endpoint: V1Endpoint): unknown {
  const { addresses, conditions: c, hostname, nodeName, zone, targetRef: t } = endpoint;
  const ref = t && [t.kind, t.namespace, t.name, t.uid];
  return [addresses, [c?.ready, c?.serving, c?.terminating], hostname, nodeName, zone, ref];
}

function metadataDiffers(slice: V1EndpointSlice, wanted: SlicesWanted): boolean {
  const sorted = (labels: Record<string, string> = {}) => textOf(Object.entries(labels).sort());
  const owner = (metadata: V1ObjectMeta | undefined) => metadata?.ownerReferences?.[0]?.uid;
  return (
    sorted(slice.metadata?.labels) !== sorted(wanted.metadata.labels) ||
    owner(slice.metadata) !== owner(wanted.metadata)
  );
}

function annotationsOf(slice: V1EndpointSlice | undefined, { triggerTime }: SlicesWanted): V1ObjectMeta {
  const annotations = {
    ...slice?.metadata?.annotations,
    ...(triggerTime ? { [triggerTimeAnnotation]: triggerTime } : {}),
  };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

function updated(slice: V1EndpointSlice, endpoints: V1Endpoint[], wanted: SlicesWanted): V1EndpointSlice {
  const { labels, ownerReferences } = wanted.metadata;
  const metadata = { ...slice.metadata, labels, ownerReferences, ...annotationsOf(slice, wanted) };
  return { ...slice, metadata, endpoints };
}

function made(wanted: SlicesWanted, group: PortGroup, endpoints: V1Endpoint[]): V1EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...wanted.metadata, ...annotationsOf(undefined, wanted) },
    addressType: wanted.addressType,
    endpoints,
    ports: [...group.ports],
  };
}
