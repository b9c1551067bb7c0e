import type { V1Container, V1Lifecycle, V1Probe } from '../../api/gen/types.ts';
import { type Check, containersOf, contextValues, named, plural, quoted, setters, sorted } from './subject.ts';

/** The checks of the baseline standard: known ways from a container to its node. */

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

export const appArmorProfile: Check = (subject) => {
  const isBad = (type: string) => type !== 'RuntimeDefault' && type !== 'Localhost';
  const bad = (type: string | undefined) => (type !== undefined && isBad(type) ? type : undefined);
  const values = sorted(contextValues(subject, ({ appArmorProfile: profile }) => bad(profile?.type)));
  const annotations = Object.entries(subject.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^($|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const who = setters(subject, ({ appArmorProfile: profile }) => profile !== undefined && isBad(profile.type));
  const blamed = [...(who ? [who] : []), ...(annotations.length > 0 ? [plural('annotation', annotations.length)] : [])];
  if (blamed.length === 0) return undefined;
  const all = [...values, ...annotations];
  return {
    reason: plural('forbidden AppArmor profile', all.length),
    detail: `${blamed.join(' and ')} must not set AppArmor profile type to ${quoted(all)}`,
  };
};

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

export const capabilities: Check = (subject) => {
  const added = ({ securityContext }: V1Container) =>
    (securityContext?.capabilities?.add ?? []).filter((capability) => !defaultCapabilities.has(capability));
  const bad = containersOf(subject).filter((container) => added(container).length > 0);
  if (bad.length === 0) return undefined;
  const what = quoted(sorted(bad.flatMap(added)));
  return {
    reason: 'non-default capabilities',
    detail: `${named(bad)} must not include ${what} in securityContext.capabilities.add`,
  };
};

export const hostNamespaces: Check = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
};

export const hostPathVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', bad.length)} ${quoted(bad)}` };
};

export const hostPorts: Check = (subject) => {
  const portsOf = ({ ports }: V1Container) => (ports ?? []).flatMap(({ hostPort }) => (hostPort ? `${hostPort}` : []));
  const bad = containersOf(subject).filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sorted(bad.flatMap(portsOf));
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${named(bad)} ${verb} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  };
};

type Handler = Pick<V1Probe, 'httpGet' | 'tcpSocket'> | V1Lifecycle['postStart'];

export const probeHosts: Check = (subject) => {
  const hostsOf = (container: V1Container) => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
    const handlers: Array<Handler | undefined> = [livenessProbe, readinessProbe, startupProbe];
    handlers.push(lifecycle?.postStart, lifecycle?.preStop);
    return handlers.flatMap((one) => [one?.httpGet?.host ?? '', one?.tcpSocket?.host ?? '']).filter((host) => host);
  };
  const bad = containersOf(subject).filter((container) => hostsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sorted(bad.flatMap(hostsOf));
  const who = named(sorted(bad.map(({ name }) => name)).map((name) => ({ name })));
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'probe or lifecycle host',
    detail: `${who} ${verb} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}`,
  };
};

export const privileged: Check = (subject) => {
  const bad = containersOf(subject).filter(({ securityContext }) => securityContext?.privileged);
  if (bad.length === 0) return undefined;
  return { reason: 'privileged', detail: `${named(bad)} must not set securityContext.privileged=true` };
};

export const procMount: Check = (subject) => {
  const mount = ({ securityContext }: V1Container) => securityContext?.procMount ?? 'Default';
  const bad = containersOf(subject).filter((container) => mount(container) !== 'Default');
  if (bad.length === 0) return undefined;
  const what = quoted(sorted(bad.map(mount)));
  return { reason: 'procMount', detail: `${named(bad)} must not set securityContext.procMount to ${what}` };
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

export function seLinuxOptions(moreTypes: readonly string[]): Check {
  const allowed = new Set([...seLinuxTypes, ...moreTypes]);
  return (subject) => {
    const types = contextValues(subject, ({ seLinuxOptions: options }) => options?.type).filter(
      (type) => !allowed.has(type),
    );
    const users = contextValues(subject, ({ seLinuxOptions: options }) => options?.user || undefined);
    const roles = contextValues(subject, ({ seLinuxOptions: options }) => options?.role || undefined);
    const who = setters(subject, ({ seLinuxOptions: options }) =>
      Boolean(options && (options.user || options.role || !allowed.has(options.type ?? ''))),
    );
    if (who === undefined) return undefined;
    const bad = sorted(types);
    const what = [
      ...(bad.length > 0 ? [`${plural('type', bad.length)} ${quoted(bad)}`] : []),
      ...(users.length > 0 ? ['user may not be set'] : []),
      ...(roles.length > 0 ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    };
  };
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';

/** As it was before there was a field for it. */
export const seccompAnnotations: Check = (subject) => {
  const { annotations = {} } = subject.metadata;
  const keys = [seccompPod, ...containersOf(subject).map(({ name }) => seccompContainer + name)];
  const bad = keys
    .filter((key) => annotations[key] !== undefined)
    .filter((key) => !/^(runtime\/default$|docker\/default$|localhost\/)/.test(annotations[key] ?? ''))
    .map((key) => `${key}=${JSON.stringify(annotations[key])}`);
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${sorted(bad).join(', ')}`,
  };
};

export const seccompProfile: Check = (subject) => {
  const isBad = (type: string) => type !== 'RuntimeDefault' && type !== 'Localhost';
  const who = setters(subject, ({ seccompProfile: profile }) => profile !== undefined && isBad(profile.type));
  if (who === undefined) return undefined;
  const types = contextValues(subject, ({ seccompProfile: profile }) => profile?.type).filter(isBad);
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}`,
  };
};

const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];

export function sysctls(more: readonly string[]): Check {
  const allowed = new Set([...safeSysctls, ...more]);
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.has(name));
    return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
  };
}

export const windowsHostProcess: Check = (subject) => {
  const who = setters(subject, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
  if (who === undefined) return undefined;
  return { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` };
};
