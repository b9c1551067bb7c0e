import type { V1Service, V1ServicePort, V1ServiceSpec } from '../../gen/types.ts';
import { cidrBlock, ipAddress } from '../../validation/addresses.ts';
import { endpointAddress } from '../../validation/endpoints.ts';
import { labels } from '../../validation/labels.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../../validation/names.ts';
import { PROTOCOLS, portNumber, portNumberOrName } from '../../validation/ports.ts';
import { keyed, type Report } from '../../validation/report.ts';
import {
  all,
  below,
  each,
  fields,
  oneOf,
  orZero,
  present,
  type Rule,
  requiredOneOf,
  text,
  unique,
} from '../../validation/rule.ts';
import { clusterAddresses } from './addresses.ts';
import { isExternal, isHeadless, needsHealthCheck, needsNodePort } from './shape.ts';

const AFFINITY_SECONDS_MAX = 86_400;
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const OLD_HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';

const port: Rule<V1ServicePort> = fields<V1ServicePort>({
  port: orZero(portNumber),
  protocol: requiredOneOf(PROTOCOLS),
  targetPort: present(portNumberOrName),
  appProtocol: text(qualifiedName),
});

/** Where there are several ports, each has a name. */
const ports: Rule<readonly V1ServicePort[]> = (list, at, context) => {
  const names = new Set<string>();
  list.forEach((item, i) => {
    if (list.length > 1 && !item.name) at.required('needed among several ports', i, 'name');
    else if (item.name) {
      for (const complaint of dnsLabel(item.name)) at.invalid(complaint, i, 'name');
      if (names.has(item.name)) at.duplicate(item.name, i, 'name');
      names.add(item.name);
    }
    below(at, i, item, port, context);
  });
};

const TYPE_RULES: Readonly<Record<string, (spec: V1ServiceSpec, at: Report) => void>> = {
  LoadBalancer: noHeadless,
  NodePort: noHeadless,
  ExternalName(spec, at) {
    for (const name of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
      const value = spec[name];
      if (Array.isArray(value) ? value.length > 0 : value !== undefined) at.forbidden('not with ExternalName', name);
    }
    const name = (spec.externalName ?? '').replace(/\.$/, '');
    if (name === '') at.required('', 'externalName');
    else for (const complaint of dnsSubdomain(name)) at.invalid(complaint, 'externalName');
  },
};

function noHeadless(spec: V1ServiceSpec, at: Report): void {
  if (isHeadless(spec)) at.invalid(`a service of type ${spec.type} needs an address`, 'clusterIPs', 0);
}

const sessionAffinity: Rule<V1ServiceSpec> = (spec, at) => {
  requiredAt(at, 'sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  const config = spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'None' && config) at.forbidden('goes with ClientIP only', 'sessionAffinityConfig');
  if (spec.sessionAffinity !== 'ClientIP') return;
  const seconds = config?.clientIP?.timeoutSeconds;
  const place = ['sessionAffinityConfig', 'clientIP', 'timeoutSeconds'];
  if (!config) at.required('', ...place.slice(0, 1));
  else if (!config.clientIP) at.required('', ...place.slice(0, 2));
  else if (seconds === undefined) at.required('', ...place);
  else if (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX) at.invalid('must be between 1 and 86400', ...place);
};

function requiredAt(at: Report, step: string, value: string | undefined, words: readonly string[]): void {
  if (!value) at.required('', step);
  else if (!words.includes(value)) at.notSupported(words, step);
}

const externalAddress: Rule<string> = (address, at, context) => {
  const before = at.count;
  ipAddress(address, at, context);
  if (at.count === before) endpointAddress(address, at, context);
};

interface NodePort {
  /** Alike for items that have, or will be given, one node port. */
  key: string;
  told: number | string;
}

const portAndProtocol = ({ port, protocol }: V1ServicePort) => `${port}/${protocol}`;

/**
 * The node port that each item has or will be given: items with one port number get one node port, that which the
 * first of them asks for. Undefined where none is given.
 */
function nodePortsOf(spec: V1ServiceSpec, list: readonly V1ServicePort[]): Array<NodePort | undefined> {
  const asked = new Map<number, number>();
  for (const { port, nodePort } of list) if (nodePort && !asked.has(port)) asked.set(port, nodePort);
  const given = needsNodePort(spec) && spec.allocateLoadBalancerNodePorts !== false;
  return list.map((item) => {
    const own = item.nodePort || (given ? asked.get(item.port) : undefined);
    if (own) return { key: `${own}`, told: own };
    return given ? { key: `that of ${item.port}`, told: portAndProtocol(item) } : undefined;
  });
}

const uniquePorts = unique(portAndProtocol);

const portsTogether: Rule<V1ServiceSpec> = (spec, at) => {
  const list = spec.ports ?? [];
  list.forEach((item, i) => {
    if (spec.type === 'ClusterIP' && item.nodePort) at.forbidden('not with ClusterIP', 'ports', i, 'nodePort');
  });
  const seen = new Set<string>();
  nodePortsOf(spec, list).forEach((nodePort, i) => {
    if (!nodePort) return;
    const key = `${nodePort.key}/${list[i]!.protocol}`;
    if (seen.has(key)) at.duplicate(nodePort.told, 'ports', i, 'nodePort');
    seen.add(key);
  });
  below(at, 'ports', list, uniquePorts, undefined);
};

/** Who may come through the load balancer; an annotation says so in old manifests. */
const sourceRanges: Rule<V1Service> = (service, at, context) => {
  const spec = service.spec!;
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation: string | undefined = service.metadata?.annotations?.[SOURCE_RANGES];
  if (ranges.length > 0) {
    const place = ['spec', 'LoadBalancerSourceRanges'];
    if (spec.type !== 'LoadBalancer') at.forbidden('goes with LoadBalancer only', ...place);
    for (const step of place) at.enter(step);
    each(cidrBlock)(
      ranges.map((range) => range.trim()),
      at,
      context,
    );
    for (const _ of place) at.leave();
  } else if (annotation !== undefined) {
    const place = ['metadata', 'annotations', keyed(SOURCE_RANGES)];
    if (spec.type !== 'LoadBalancer') at.forbidden('goes with LoadBalancer only', ...place);
    for (const step of place) at.enter(step);
    for (const range of annotation.split(',')) if (range.trim()) cidrBlock(range.trim(), at, context);
    for (const _ of place) at.leave();
  }
};

const loadBalancer: Rule<V1Service> = ({ spec = {} }, at) => {
  const balanced = spec.type === 'LoadBalancer';
  const allocate = spec.allocateLoadBalancerNodePorts;
  if (!balanced && allocate !== undefined)
    at.forbidden('goes with LoadBalancer only', 'spec', 'allocateLoadBalancerNodePorts');
  if (balanced && allocate === undefined) at.required('', 'allocateLoadBalancerNodePorts');
  loadBalancerClass(spec, at);
};

export function loadBalancerClass(spec: V1ServiceSpec, at: Report): void {
  const name = spec.loadBalancerClass;
  if (name === undefined) return;
  if (spec.type !== 'LoadBalancer') at.forbidden('goes with LoadBalancer only', 'spec', 'loadBalancerClass');
  else for (const complaint of qualifiedName(name)) at.invalid(complaint, 'spec', 'loadBalancerClass');
}

const POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const WITH_ADDRESS = ['ClusterIP', 'NodePort', 'LoadBalancer'];

const traffic: Rule<V1ServiceSpec> = (spec, at, context) => {
  const outside = spec.externalTrafficPolicy;
  if (isExternal(spec)) requiredAt(at, 'externalTrafficPolicy', outside, POLICIES);
  else if (outside) at.invalid('the service is not reached from outside', 'externalTrafficPolicy');
  if (!needsHealthCheck(spec)) {
    if (spec.healthCheckNodePort) at.invalid('needs LoadBalancer and Local', 'healthCheckNodePort');
  } else if (spec.healthCheckNodePort) below(at, 'healthCheckNodePort', spec.healthCheckNodePort, portNumber, context);
  const inside = spec.internalTrafficPolicy;
  if (inside === undefined && WITH_ADDRESS.includes(spec.type ?? '')) at.required('', 'internalTrafficPolicy');
  if (inside !== undefined && !POLICIES.includes(inside)) at.notSupported(POLICIES, 'internalTrafficPolicy');
  below(at, 'trafficDistribution', spec.trafficDistribution, oneOf(DISTRIBUTIONS), context);
};

const specFirst: Rule<V1ServiceSpec> = (spec, at, context) => {
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName') at.required('', 'ports');
  TYPE_RULES[spec.type ?? '']?.(spec, at);
  below(at, 'ports', spec.ports, ports, context);
  below(at, 'selector', spec.selector, labels, context);
  sessionAffinity(spec, at, context);
  clusterAddresses(spec, at);
  below(at, 'externalIPs', spec.externalIPs, each(externalAddress), context);
  requiredAt(at, 'type', spec.type, [...WITH_ADDRESS, 'ExternalName']);
  portsTogether(spec, at, context);
};

const hints: Rule<V1Service> = (service, at) => {
  const notes: Readonly<Record<string, string>> = service.metadata?.annotations ?? {};
  if (OLD_HINTS in notes && TOPOLOGY_MODE in notes && notes[OLD_HINTS] !== notes[TOPOLOGY_MODE]) {
    at.invalid(`must match ${OLD_HINTS}`, 'metadata', 'annotations', keyed(TOPOLOGY_MODE));
  }
};

export const serviceRules: Rule<V1Service> = all<V1Service>(
  hints,
  fields<V1Service>({ spec: present(specFirst) }),
  sourceRanges,
  loadBalancer,
  fields<V1Service>({ spec: traffic }),
);
