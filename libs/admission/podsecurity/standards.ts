import * as baseline from './baseline.ts';
import type { Standard } from './policy.ts';
import * as restricted from './restricted.ts';
import { type Check, hasOwnUsers, isWindows, type Subject, type Violation } from './subject.ts';

/** One check through the versions: each entry holds from its minor version on. */
interface VersionedCheck {
  readonly id: string;
  readonly since: ReadonlyArray<readonly [minor: number, check: Check]>;
  /** The baseline check that this one stands for. */
  readonly replaces?: string;
}

function unless(excused: (subject: Subject) => boolean, check: Check): Check {
  return (subject) => (excused(subject) ? undefined : check(subject));
}

const reserved = ['net.ipv4.ip_local_reserved_ports'];
const keepAlive = ['time', 'intvl', 'probes'].map((name) => `net.ipv4.tcp_keepalive_${name}`);
const timeouts = [...reserved, ...keepAlive, 'net.ipv4.tcp_fin_timeout'];
const buffers = [...timeouts, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

/** In the order in which messages give them. */
const baselineChecks: readonly VersionedCheck[] = [
  { id: 'appArmorProfile', since: [[0, baseline.appArmorProfile]] },
  { id: 'capabilities_baseline', since: [[0, baseline.capabilities]] },
  { id: 'hostNamespaces', since: [[0, baseline.hostNamespaces]] },
  { id: 'hostPathVolumes', since: [[0, baseline.hostPathVolumes]] },
  { id: 'hostPorts', since: [[0, baseline.hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', since: [[34, baseline.probeHosts]] },
  { id: 'privileged', since: [[0, baseline.privileged]] },
  {
    id: 'procMount',
    since: [
      [0, baseline.procMount],
      [35, unless(hasOwnUsers, baseline.procMount)],
    ],
  },
  {
    id: 'seLinuxOptions',
    since: [
      [0, baseline.seLinuxOptions([])],
      [31, baseline.seLinuxOptions(['container_engine_t'])],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    since: [
      [0, baseline.seccompAnnotations],
      [19, baseline.seccompProfile],
    ],
  },
  {
    id: 'sysctls',
    since: [
      [0, baseline.sysctls([])],
      [27, baseline.sysctls(reserved)],
      [29, baseline.sysctls(timeouts)],
      [32, baseline.sysctls(buffers)],
    ],
  },
  { id: 'windowsHostProcess', since: [[0, baseline.windowsHostProcess]] },
];

const restrictedChecks: readonly VersionedCheck[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: [
      [8, restricted.allowPrivilegeEscalation],
      [25, unless(isWindows, restricted.allowPrivilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    replaces: 'capabilities_baseline',
    since: [
      [22, restricted.restrictedCapabilities],
      [25, unless(isWindows, restricted.restrictedCapabilities)],
    ],
  },
  { id: 'procMount_restricted', replaces: 'procMount', since: [[35, baseline.procMount]] },
  { id: 'restrictedVolumes', replaces: 'hostPathVolumes', since: [[0, restricted.restrictedVolumes]] },
  {
    id: 'runAsNonRoot',
    since: [
      [0, restricted.runAsNonRoot],
      [35, unless(hasOwnUsers, restricted.runAsNonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    since: [
      [23, restricted.runAsUser],
      [35, unless(hasOwnUsers, restricted.runAsUser)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    replaces: 'seccompProfile_baseline',
    since: [
      [19, restricted.restrictedSeccomp],
      [25, unless(isWindows, restricted.restrictedSeccomp)],
    ],
  },
];

/** What a pod does that the standard does not allow. */
export function violations(standard: Standard, subject: Subject): Violation[] {
  return checksOf(standard).flatMap((check) => check(subject) ?? []);
}

function checksOf({ level, version }: Standard): Check[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : version;
  const asOf = ({ since }: VersionedCheck) => since.findLast(([from]) => from <= minor)?.[1];
  const current = level === 'restricted' ? restrictedChecks.filter(asOf) : [];
  const replaced = new Set(current.map(({ replaces }) => replaces));
  return [...baselineChecks.filter(({ id }) => !replaced.has(id)), ...current].flatMap((check) => asOf(check) ?? []);
}

/** `host namespaces (hostPID=true), privileged (container "x" must …)`. */
export function detailText(found: readonly Violation[]): string {
  return found.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ');
}

export function reasonText(found: readonly Violation[]): string {
  return found.map(({ reason }) => reason).join(', ');
}
