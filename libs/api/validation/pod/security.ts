import type {
  V1AppArmorProfile,
  V1PodSecurityContext,
  V1PodSpec,
  V1SeccompProfile,
  V1SecurityContext,
  V1Sysctl,
  V1WindowsSecurityContextOptions,
} from '../../gen/types.ts';
import { dnsSubdomain } from '../names.ts';
import { descendingPath } from '../paths.ts';
import type { Report } from '../report.ts';
import { all, below, between, each, fields, oneOf, type Rule, text } from '../rule.ts';
import { LINUX, type PodContext, WINDOWS } from './context.ts';

const INT32_MAX = 2 ** 31 - 1;
const APPARMOR_PROFILE_LENGTH_MAX = 4095;
const CREDENTIAL_SPEC_LENGTH_MAX = 64 * 1024;

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** User and group numbers. */
const userOrGroup: Rule<number> = between(0, INT32_MAX);

const seccompProfile: Rule<V1SeccompProfile> = (profile, at) => {
  if (!profile.type) at.required('', 'type');
  else if (!PROFILE_TYPES.includes(profile.type)) at.notSupported(PROFILE_TYPES, 'type');
  const file = profile.localhostProfile;
  if (profile.type !== 'Localhost') {
    if (file !== undefined) at.invalid('goes with type Localhost only', 'localhostProfile');
  } else if (file === undefined) at.required('needed by type Localhost', 'localhostProfile');
  else below(at, 'localhostProfile', file, descendingPath, undefined);
};

const appArmorProfile: Rule<V1AppArmorProfile> = (profile, at) => {
  const file = profile.localhostProfile;
  if (!profile.type) at.required('', 'type');
  else if (!PROFILE_TYPES.includes(profile.type)) at.notSupported(PROFILE_TYPES, 'type');
  else if (profile.type !== 'Localhost') {
    if (file !== undefined) at.invalid('goes with type Localhost only', 'localhostProfile');
  } else if (file === undefined) at.required('needed by type Localhost', 'localhostProfile');
  else {
    if (file.trim() !== file) at.invalid('must not be padded', 'localhostProfile');
    else if (file === '') at.required('', 'localhostProfile');
    if (file.length > APPARMOR_PROFILE_LENGTH_MAX) at.tooLong(APPARMOR_PROFILE_LENGTH_MAX, 'localhostProfile');
  }
};

const NETBIOS_NAME = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** `[DOMAIN\]USER` of Windows. */
const windowsUser: Rule<string> = (name, at) => {
  const parts = name.split('\\');
  if (name === '') at.invalid('must not be empty');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  else if (/[\x00-\x1f\x7f]/.test(name)) at.invalid('must not contain control characters');
  else if (parts.length > 2) at.invalid('must not contain more than one backslash');
  else windowsUserParts(parts.length === 2 ? parts[0] : undefined, parts[parts.length - 1]!, at);
};

function windowsUserParts(domain: string | undefined, user: string, at: Report): void {
  if (domain !== undefined && domain.length >= 256) at.invalid('the domain must be under 256 characters');
  if (domain !== undefined && !NETBIOS_NAME.test(domain) && !DNS_NAME.test(domain)) {
    at.invalid('the domain must be a NetBIOS or DNS name');
  }
  if (user === '') at.invalid('the user must not be empty');
  else if (user.length > 104) at.invalid('the user must be no longer than 104 characters');
  if (/^[. ]+$/.test(user)) at.invalid('the user must not be periods and spaces only');
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) at.invalid('the user has characters that users must not have');
}

const windowsOptions: Rule<V1WindowsSecurityContextOptions> = fields<V1WindowsSecurityContextOptions>({
  gmsaCredentialSpecName: text(dnsSubdomain),
  gmsaCredentialSpec: (spec: string, at: Report) => {
    if (spec === '') at.invalid('must not be empty');
    else if (spec.length > CREDENTIAL_SPEC_LENGTH_MAX) at.invalid('must be under 64 KiB');
  },
  runAsUserName: windowsUser,
});

const PROC_MOUNTS = ['Default', 'Unmasked'];

const procMount: Rule<string, PodContext> = (kind, at, { spec }) => {
  if (!PROC_MOUNTS.includes(kind)) at.notSupported(PROC_MOUNTS);
  else if (kind === 'Unmasked' && spec.hostUsers !== false) at.invalid('needs hostUsers to be false');
};

const escalation: Rule<V1SecurityContext> = (context, at) => {
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged) at.invalid('a privileged container can always escalate');
  for (const name of context.capabilities?.add ?? []) {
    if (name === 'CAP_SYS_ADMIN') at.invalid('CAP_SYS_ADMIN can always escalate');
  }
};

export const containerSecurity: Rule<V1SecurityContext, PodContext> = all<V1SecurityContext, PodContext>(
  fields<V1SecurityContext, PodContext>({
    runAsUser: userOrGroup,
    runAsGroup: userOrGroup,
    procMount,
    seccompProfile,
  }),
  escalation,
  fields<V1SecurityContext, PodContext>({ windowsOptions, appArmorProfile }),
);

const SYSCTL_NAME = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_LENGTH_MAX = 253;
const IPC_SYSCTL = /^(kernel\.(msg|sem|shm)|fs\.mqueue\.)/;

/** A sysctl of a namespace that the pod shares with its node would change the node. */
const sysctls: Rule<readonly V1Sysctl[], PodContext> = (list, at, { spec }) => {
  const seen = new Set<string>();
  list.forEach(({ name }, i) => {
    if (!name) at.required('', i, 'name');
    else if (name.length > SYSCTL_LENGTH_MAX || !SYSCTL_NAME.test(name)) at.invalid('is no sysctl', i, 'name');
    else if (seen.has(name)) at.duplicate(name, i, 'name');
    const dotted = (name ?? '').replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.')) at.invalid('excludes hostNetwork', i, 'name');
    else if (spec.hostIPC && IPC_SYSCTL.test(dotted)) at.invalid('excludes hostIPC', i, 'name');
    seen.add(name);
  });
};

export const podSecurity: Rule<V1PodSecurityContext, PodContext> = all<V1PodSecurityContext, PodContext>(
  fields<V1PodSecurityContext, PodContext>({
    fsGroup: userOrGroup,
    runAsUser: userOrGroup,
    runAsGroup: userOrGroup,
    supplementalGroups: each(userOrGroup),
  }),
  (_context, at, { spec }) => {
    if (spec.shareProcessNamespace && spec.hostPID) at.invalid('excludes hostPID', 'shareProcessNamespace');
  },
  fields<V1PodSecurityContext, PodContext>({
    sysctls,
    fsGroupChangePolicy: oneOf(['Always', 'OnRootMismatch']),
    seccompProfile,
    windowsOptions,
    appArmorProfile,
    supplementalGroupsPolicy: oneOf(['Merge', 'Strict']),
    seLinuxChangePolicy: oneOf(['Recursive', 'MountOption']),
  }),
);

const LINUX_ONLY_IN_POD = [
  ...['appArmorProfile', 'seLinuxOptions', 'hostUsers', 'hostPID', 'hostIPC', 'seccompProfile', 'fsGroup'],
  ...['fsGroupChangePolicy', 'sysctls', 'shareProcessNamespace', 'runAsUser', 'runAsGroup', 'supplementalGroups'],
  ...['supplementalGroupsPolicy', 'seLinuxChangePolicy'],
];

const LINUX_ONLY_IN_CONTAINER = [
  ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged'],
  ...['allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'],
];

/** Refuses what the pod's operating system does not have. */
export const operatingSystem: Rule<V1PodSpec> = (spec, at) => {
  const os = spec.os;
  if (!os) return;
  if (!os.name) return at.required('', 'os', 'name');
  if (os.name !== LINUX && os.name !== WINDOWS) return at.notSupported([LINUX, WINDOWS], 'os');
  const windows = os.name === WINDOWS;
  const inPod = { ...spec.securityContext } as Readonly<Record<string, unknown>>;
  const ofSpec = spec as unknown as Readonly<Record<string, unknown>>;
  for (const name of windows ? LINUX_ONLY_IN_POD : ['windowsOptions']) {
    if (inPod[name] !== undefined) at.forbidden(`not on ${os.name}`, 'securityContext', name);
    else if (ofSpec[name] !== undefined && ofSpec[name] !== false) at.forbidden(`not on ${os.name}`, name);
  }
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    spec[list]?.forEach((container, i) => {
      const context = { ...container.securityContext } as Readonly<Record<string, unknown>>;
      for (const name of windows ? LINUX_ONLY_IN_CONTAINER : ['windowsOptions']) {
        if (context[name] !== undefined) at.forbidden(`not on ${os.name}`, list, i, 'securityContext', name);
      }
    });
  }
};
