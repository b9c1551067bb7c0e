import type { V1Pod } from '../api/gen/types.ts';
import { qosClassOf } from '../pods/qos.ts';
import { podAmounts } from '../pods/resources.ts';
import type { NodePressure } from './eviction/pressure.ts';
import { criticalPriorityMin } from './eviction/rank.ts';
import type { NodeIdentity } from './options.ts';

/** Why a node does not take a pod, in the words that the pod's status shows. */
export interface Refusal {
  reason: string;
  message: string;
}

/** Kernel settings that concern their own pod alone. Source: Kubernetes documentation, "Using sysctls in a cluster". */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

interface Check {
  name: string;
  asked: number;
  used: number;
  capacity: number;
}

function checksOf(pod: V1Pod, others: readonly V1Pod[], node: NodeIdentity): Check[] {
  const taken = others.map(podAmounts);
  const wanted = podAmounts(pod);
  return [
    { name: 'pods', asked: 1, used: taken.length, capacity: node.podsMax },
    { name: 'cpu', asked: wanted.cpuRequest, used: sum(taken.map((t) => t.cpuRequest)), capacity: node.cpuMillis },
    {
      name: 'memory',
      asked: wanted.memoryRequest,
      used: sum(taken.map((t) => t.memoryRequest)),
      capacity: node.memoryBytes,
    },
  ];
}

function shortage({ name, asked, used, capacity }: Check): string {
  const numbers = `${name}, requested: ${asked}, used: ${used}, capacity: ${capacity}`;
  return `Node didn't have enough resource: ${numbers}`;
}

function refuseSize(pod: V1Pod, others: readonly V1Pod[], node: NodeIdentity): Refusal | undefined {
  const short = checksOf(pod, others, node).find(({ asked, used, capacity }) => asked > 0 && used + asked > capacity);
  return short && { reason: `OutOf${short.name}`, message: shortage(short) };
}

/** Why a pod that runs cannot have what it asks for: not now (`Deferred`), or not on this node (`Infeasible`). */
export function refuseResize(pod: V1Pod, others: readonly V1Pod[], node: NodeIdentity): Refusal | undefined {
  const checks = checksOf(pod, others, node);
  const never = checks.find(({ asked, capacity }) => asked > capacity);
  if (never) return { reason: 'Infeasible', message: shortage(never) };
  const short = checks.find(({ asked, used, capacity }) => used + asked > capacity);
  return short && { reason: 'Deferred', message: shortage(short) };
}

function refuseSysctls(pod: V1Pod): Refusal | undefined {
  const asked = pod.spec?.securityContext?.sysctls ?? [];
  const unsafe = asked.map(({ name }) => name.replaceAll('/', '.')).find((name) => !safeSysctls.has(name));
  if (unsafe === undefined) return undefined;
  return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${unsafe}" not allowlisted` };
}

function toleratesMemoryPressure({ spec }: V1Pod): boolean {
  const key = 'node.kubernetes.io/memory-pressure';
  return (spec?.tolerations ?? []).some(
    (toleration) =>
      (toleration.key === key || (!toleration.key && toleration.operator === 'Exists')) &&
      (!toleration.effect || toleration.effect === 'NoSchedule'),
  );
}

/**
 * Why a node that is short of something takes no new pod; undefined when it does. A pod with requests may come while
 * only memory is short: others will go first.
 */
export function refusePressure(pod: V1Pod, pressure: Pick<NodePressure, 'under'>): Refusal | undefined {
  if ((pod.spec?.priority ?? 0) >= criticalPriorityMin) return undefined;
  const condition = pressure.under('ephemeral-storage')
    ? 'DiskPressure'
    : pressure.under('memory') && qosClassOf(pod) === 'BestEffort' && !toleratesMemoryPressure(pod)
      ? 'MemoryPressure'
      : undefined;
  return condition && { reason: 'Evicted', message: `The node had condition: [${condition}]. ` };
}

interface HostPort {
  port: number;
  protocol: string;
  ip: string;
}

const anyIp = '0.0.0.0';

function hostPortsOf({ spec }: V1Pod): HostPort[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...(spec?.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return ports.flatMap(({ hostPort, protocol = 'TCP', hostIP }) =>
    hostPort ? { port: hostPort, protocol, ip: hostIP || anyIp } : [],
  );
}

/** A port of the node belongs to one pod, whoever sent the other. */
function refusePorts(pod: V1Pod, others: readonly V1Pod[]): Refusal | undefined {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return undefined;
  const collides = (one: HostPort, other: HostPort) =>
    one.port === other.port &&
    one.protocol === other.protocol &&
    (one.ip === other.ip || one.ip === anyIp || other.ip === anyIp);
  const taken = others.flatMap(hostPortsOf);
  if (!wanted.some((one) => taken.some((other) => collides(one, other)))) return undefined;
  const why = "node(s) didn't have free ports for the requested pod ports";
  return { reason: 'NodePorts', message: `Predicate NodePorts failed: ${why}` };
}

/** No runtime that agents use is known to leave out the groups that an image's own files give a user. */
function refuseGroupsPolicy({ spec }: V1Pod): Refusal | undefined {
  if (spec?.securityContext?.supplementalGroupsPolicy !== 'Strict') return undefined;
  const message = 'SupplementalGroupsPolicy=Strict is not supported in this node';
  return { reason: 'SupplementalGroupsPolicyNotSupported', message };
}

/** Nodes run Linux; the scheduler looks at labels alone, and who names the node is not asked by it at all. */
function refuseSystem({ spec }: V1Pod): Refusal | undefined {
  const system = spec?.os?.name ?? 'linux';
  if (system === 'linux') return undefined;
  return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
}

/** Why the node cannot take a pod beside those that it has; undefined when it can. */
export function refusePod(pod: V1Pod, others: readonly V1Pod[], node: NodeIdentity): Refusal | undefined {
  return (
    refuseSystem(pod) ??
    refuseGroupsPolicy(pod) ??
    refuseSize(pod, others, node) ??
    refusePorts(pod, others) ??
    refuseSysctls(pod)
  );
}
