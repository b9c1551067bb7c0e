import { createHash } from 'node:crypto';
import type { ServiceEndpoint, ServicePort } from './service-table.ts';

/** A port of the machine that leads to one pod. */
export interface HostPort {
  protocol: 'tcp' | 'udp' | 'sctp';
  hostPort: number;
  /** Only on this address of the machine; any when undefined. */
  hostIp: string | undefined;
  podIp: string;
  containerPort: number;
}

export interface RuleOptions {
  /** The nft table; one for each cluster on a machine. */
  table: string;
  /** Addresses that keep their own source address: the cluster's pods and nodes. */
  clusterCidrs: readonly string[];
  /** Sources that are hidden behind the machine's address when they leave the cluster: this node's pods. */
  masqueradeCidrs: readonly string[];
  /** Whether traffic that enters by a node port is hidden behind this node's address, so that answers come back. */
  masqueradeNodePorts: boolean;
}

/** A complete table as nft text, and the names of its chains and sets that come and go with services. */
export interface RuleSet {
  text: string;
  chains: string[];
  sets: string[];
}

/** Bit of the packet mark that asks for masquerading. */
const masqueradeMark = '0x4000';

interface Build {
  chains: Map<string, string[]>;
  sets: Map<string, number>;
  serviceElements: string[];
  nodePortElements: string[];
  refusedElements: string[];
  refusedNodePorts: string[];
  hairpin: Set<string>;
}

/**
 * The rules of one machine as text for `nft -f`, to be applied as one transaction over what `previous` left.
 * Sets of affinity survive, so that clients stay with their endpoints when others change.
 */
export function renderRules(
  ports: readonly ServicePort[],
  hostPorts: readonly HostPort[],
  options: RuleOptions,
  previous?: RuleSet,
): RuleSet {
  const build: Build = {
    chains: new Map(),
    sets: new Map(),
    serviceElements: [],
    nodePortElements: [],
    refusedElements: [],
    refusedNodePorts: [],
    hairpin: new Set(),
  };
  for (const port of ports) addServicePort(build, port, options);
  const hostPortRules = hostPorts.map((each) => hostPortRule(build, each));
  const text = [
    ...header(options, previous),
    ...body(build, hostPortRules, options),
    ...obsolete(build, options, previous),
    '',
  ].join('\n');
  return { text, chains: [...build.chains.keys()], sets: [...build.sets.keys()] };
}

function addServicePort(build: Build, port: ServicePort, options: RuleOptions): void {
  const { endpoints, localEndpoints, internalLocalOnly, externalLocalOnly } = port;
  for (const endpoint of [...endpoints, ...localEndpoints]) build.hairpin.add(endpoint.ip);
  const name = `svc-${digest(port.key)}`;
  const isExternal = port.nodePort !== undefined || port.externalIps.length > 0;
  const needsAll = isExternal || !internalLocalOnly;
  const needsLocal = internalLocalOnly || (isExternal && externalLocalOnly);
  const all = needsAll ? addBalancer(build, name, port, endpoints) : undefined;
  const local = needsLocal ? addBalancer(build, `${name}-l`, port, localEndpoints) : undefined;
  const internalChain = internalLocalOnly ? local : all;
  for (const ip of port.clusterIps) {
    const match = `${ip} . ${port.protocol} . ${port.port}`;
    if (internalChain) build.serviceElements.push(`${match} : goto ${internalChain}`);
    else build.refusedElements.push(match);
  }
  if (!isExternal) return;
  const balanced = externalLocalOnly ? local : all;
  addExternal(build, port, { name, balanced, first: all ? beforeExternal(port, all, options) : [] });
}

/** What comes before the balancing of traffic from outside. */
function beforeExternal(port: ServicePort, all: string, options: RuleOptions): string[] {
  const hide = `meta mark set meta mark | ${masqueradeMark}`;
  if (!port.externalLocalOnly) return options.masqueradeNodePorts ? [hide] : [];
  // What comes from here went to a load balancer and back in through any node, as it were: no policy holds for it.
  return [
    ...options.masqueradeCidrs.map((cidr) => `ip saddr ${cidr} goto ${all}`),
    `fib saddr type local ${hide} goto ${all}`,
  ];
}

function addExternal(
  build: Build,
  port: ServicePort,
  way: { name: string; balanced: string | undefined; first: readonly string[] },
): void {
  let target = way.balanced;
  if (way.first.length > 0) {
    build.chains.set(`${way.name}-x`, target ? [...way.first, `goto ${target}`] : [...way.first]);
    target = `${way.name}-x`;
  }
  if (port.nodePort !== undefined) {
    if (target) build.nodePortElements.push(`${port.protocol} . ${port.nodePort} : goto ${target}`);
    // With nothing to balance over, whatever the first rules leave is refused.
    if (!way.balanced) build.refusedNodePorts.push(`${port.protocol} . ${port.nodePort}`);
  }
  for (const ip of port.externalIps) {
    if (target) build.serviceElements.push(`${ip} . ${port.protocol} . ${port.port} : goto ${target}`);
  }
}

/** Adds the chain that spreads over the endpoints and returns its name; undefined without endpoints. */
function addBalancer(
  build: Build,
  name: string,
  port: ServicePort,
  endpoints: readonly ServiceEndpoint[],
): string | undefined {
  if (endpoints.length === 0) return undefined;
  if (port.affinitySeconds !== undefined) addSticky(build, name, port, endpoints);
  else {
    const targets = endpoints.map((endpoint, index) => `${index} : ${endpoint.ip} . ${endpoint.port}`).join(', ');
    build.chains.set(name, [
      `meta l4proto ${port.protocol} dnat ip to numgen random mod ${endpoints.length} map { ${targets} }`,
    ]);
  }
  return name;
}

function addSticky(build: Build, name: string, port: ServicePort, endpoints: readonly ServiceEndpoint[]): void {
  const chains = endpoints.map((endpoint) => {
    const id = digest(`${name}/${endpoint.ip}:${endpoint.port}`);
    build.sets.set(`aff-${id}`, port.affinitySeconds ?? 0);
    build.chains.set(`ep-${id}`, [
      `update @aff-${id} { ip saddr }`,
      `meta l4proto ${port.protocol} dnat ip to ${endpoint.ip}:${endpoint.port}`,
    ]);
    return { id, remembered: `ip saddr @aff-${id} goto ep-${id}` };
  });
  const spread = chains.map(({ id }, index) => `${index} : goto ep-${id}`).join(', ');
  build.chains.set(name, [
    ...chains.map((chain) => chain.remembered),
    `numgen random mod ${chains.length} vmap { ${spread} }`,
  ]);
}

function hostPortRule(build: Build, port: HostPort): string {
  build.hairpin.add(port.podIp);
  const address = port.hostIp && port.hostIp !== '0.0.0.0' ? `ip daddr ${port.hostIp}` : 'fib daddr type local';
  return `${address} ${port.protocol} dport ${port.hostPort} dnat ip to ${port.podIp}:${port.containerPort}`;
}

function header(options: RuleOptions, previous: RuleSet | undefined): string[] {
  const table = `table ip ${options.table}`;
  if (!previous) return [`add ${table}`, `delete ${table}`, `add ${table}`];
  const emptied = ['map', 'map', 'set', 'set', 'set'].map((kind, i) => {
    const name = ['services', 'nodeports', 'refused', 'refused-nodeports', 'hairpin'][i];
    return `flush ${kind} ip ${options.table} ${name}`;
  });
  return [`flush ${table}`, ...emptied];
}

function body(build: Build, hostPortRules: string[], options: RuleOptions): string[] {
  const hairpin = [...build.hairpin].map((ip) => `${ip} . ${ip}`);
  return [
    `table ip ${options.table} {`,
    ...[...build.sets].flatMap(([name, seconds]) => [
      `  set ${name} {`,
      `    type ipv4_addr; size 65535; flags dynamic,timeout; timeout ${seconds}s`,
      '  }',
    ]),
    ...[...build.chains].flatMap(([name, rules]) => chain(name, rules)),
    ...collection('map', 'services', 'ipv4_addr . inet_proto . inet_service : verdict', build.serviceElements),
    ...collection('map', 'nodeports', 'inet_proto . inet_service : verdict', build.nodePortElements),
    ...collection('set', 'refused', 'ipv4_addr . inet_proto . inet_service', build.refusedElements),
    ...collection('set', 'refused-nodeports', 'inet_proto . inet_service', build.refusedNodePorts),
    ...collection('set', 'hairpin', 'ipv4_addr . ipv4_addr', hairpin),
    ...hooks(hostPortRules, options),
    '}',
  ];
}

function hooks(hostPortRules: string[], options: RuleOptions): string[] {
  const refuse = [
    'ip daddr . meta l4proto . th dport @refused reject',
    'fib daddr type local meta l4proto . th dport @refused-nodeports reject',
  ];
  const cluster = options.clusterCidrs.join(', ');
  const leaving = options.masqueradeCidrs.map((cidr) => `ip saddr ${cidr} ip daddr != { ${cluster} } masquerade`);
  return [
    ...chain('entry', [
      'ip daddr . meta l4proto . th dport vmap @services',
      ...hostPortRules,
      'fib daddr type local meta l4proto . th dport vmap @nodeports',
    ]),
    ...chain('prerouting', ['type nat hook prerouting priority -100', 'jump entry']),
    ...chain('output', ['type nat hook output priority -100', 'jump entry']),
    ...chain('postrouting', [
      'type nat hook postrouting priority 100',
      'ip saddr . ip daddr @hairpin masquerade',
      `meta mark & ${masqueradeMark} == ${masqueradeMark} masquerade`,
      'ip saddr 127.0.0.0/8 ct status dnat masquerade',
      ...leaving,
    ]),
    ...chain('forward', ['type filter hook forward priority 0', ...refuse]),
    ...chain('input', ['type filter hook input priority 0', ...refuse]),
    ...chain('local-output', ['type filter hook output priority 0', ...refuse]),
  ];
}

/** Deletes the chains and sets of services that have gone; a chain may only go once nothing jumps to it. */
function obsolete(build: Build, options: RuleOptions, previous: RuleSet | undefined): string[] {
  const chains = (previous?.chains ?? []).filter((name) => !build.chains.has(name));
  const sets = (previous?.sets ?? []).filter((name) => !build.sets.has(name));
  return [
    ...chains.map((name) => `delete chain ip ${options.table} ${name}`),
    ...sets.map((name) => `delete set ip ${options.table} ${name}`),
  ];
}

function chain(name: string, rules: readonly string[]): string[] {
  return [`  chain ${name} {`, ...rules.map((rule) => `    ${rule}`), '  }'];
}

function collection(kind: 'map' | 'set', name: string, type: string, elements: readonly string[]): string[] {
  const content = elements.length > 0 ? [`    elements = { ${elements.join(', ')} }`] : [];
  return [`  ${kind} ${name} {`, `    type ${type}`, ...content, '  }'];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
