import { StatusError } from '../base/status.ts';

/** The address ranges of one cluster, as CIDRs. */
export interface ClusterRanges {
  /** The bridge and the nodes: a /24. The bridge has its first address. */
  nodes: string;
  pods: string;
  services: string;
}

interface Range {
  first: number;
  last: number;
}

const nodeAddressOffset = 10;
/** Nodes on one machine: the /24 holds no more, and the /16 of pods splits into as many /24. */
export const nodesMax = 200;

const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const candidates = {
  nodes: span(0, 255).map((third) => `172.30.${third}.0/24`),
  pods: [...span(244, 254), ...span(200, 243)].map((second) => `10.${second}.0.0/16`),
  services: span(96, 127).map((second) => `10.${second}.0.0/16`),
};

/**
 * Ranges that overlap none of `taken` (CIDRs or addresses; others are ignored). `seed` says where in the lists to begin,
 * so that clusters which do not run at the same time rarely choose the same; 0 gives the usual ranges.
 * @throws StatusError ServiceUnavailable when no candidate is free.
 */
export function chooseRanges(taken: readonly string[], seed = 0): ClusterRanges {
  const choose = (kind: keyof ClusterRanges): string => {
    const list = candidates[kind];
    const from = seed % list.length;
    const free = [...list.slice(from), ...list.slice(0, from)].find((cidr) => isFree(cidr, taken));
    if (free === undefined) throw new StatusError('ServiceUnavailable', `every address range for ${kind} is in use`);
    return free;
  };
  return { nodes: choose('nodes'), pods: choose('pods'), services: choose('services') };
}

/**
 * The ranges that a cluster had before, made fit for a machine on which other networks may have come since. Nodes get
 * new addresses when they must; those of pods and services are part of what the cluster has stored.
 * @throws StatusError Conflict that names the range that another network uses now.
 */
export function keepRanges(before: ClusterRanges, taken: readonly string[], seed = 0): ClusterRanges {
  for (const kind of ['pods', 'services'] as const) {
    if (isFree(before[kind], taken)) continue;
    const what = `the cluster's range for ${kind}, ${before[kind]}, overlaps another network of this machine`;
    throw new StatusError('Conflict', `${what} (perhaps another cluster's); see: ip route`);
  }
  return isFree(before.nodes, taken) ? before : { ...before, nodes: chooseRanges(taken, seed).nodes };
}

function isFree(cidr: string, taken: readonly string[]): boolean {
  const range = parseRange(cidr)!;
  return !taken.some((other) => {
    const used = parseRange(other);
    return used !== undefined && overlaps(used, range);
  });
}

/** The address `offset` places after the first of a CIDR. */
export function addressIn(cidr: string, offset: number): string {
  const value = parseRange(cidr)!.first + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** The bridge's address: how nodes reach the control plane and the world. */
export function gatewayAddress(ranges: ClusterRanges): string {
  return addressIn(ranges.nodes, 1);
}

export function nodeAddress(ranges: ClusterRanges, index: number): string {
  return addressIn(ranges.nodes, nodeAddressOffset + index);
}

/** The prefix length of a CIDR. */
export function prefixLength(cidr: string): number {
  return Number(cidr.split('/')[1] ?? 32);
}

function parseRange(cidr: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr);
  if (match === null) return undefined;
  const bytes = match.slice(1, 5).map(Number);
  const length = Number(match[5] ?? 32);
  if (bytes.some((byte) => byte > 255) || length > 32) return undefined;
  const size = 2 ** (32 - length);
  const address = bytes.reduce((value, byte) => value * 256 + byte, 0);
  const first = address - (address % size);
  return { first, last: first + size - 1 };
}

function overlaps(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The destinations in the output of `ip route show table all`, without the default route and the cluster's own. */
export function routeDestinations(listing: string, own?: { bridge: string; routeMetric: number }): string[] {
  const kinds = new Set(['unreachable', 'blackhole', 'prohibit', 'local', 'broadcast', 'unicast', 'multicast']);
  const isOwn = (line: string) =>
    own !== undefined && (line.includes(` dev ${own.bridge} `) || line.includes(` metric ${own.routeMetric} `));
  return listing
    .split('\n')
    .filter((line) => !isOwn(`${line} `))
    .map((line) => line.trim().split(/\s+/))
    .map((words) => (kinds.has(words[0] ?? '') ? words[1] : words[0]))
    .filter((word): word is string => word !== undefined && /^\d+\./.test(word) && word !== '0.0.0.0/0');
}
