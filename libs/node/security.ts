import { join } from 'node:path';
import type { V1Capabilities, V1Container, V1Pod, V1SELinuxOptions, V1SeccompProfile } from '../api/gen/types.ts';
import { podText } from '../pods/spec.ts';
import type {
  ContainerConfig,
  ImageInfo,
  NamespaceOptions,
  SecurityLabels,
  SecurityProfile,
} from '../runtime/runtime.ts';

/** Where Localhost seccomp profiles are looked for. */
const seccompDirectory = '/var/lib/kubelet/seccomp';

/** Parts of /proc and /sys that a container may not see or write unless it asks for an unmasked /proc. */
const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const readOnlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export function securityProfileOf(profile: V1SeccompProfile | undefined): SecurityProfile | undefined {
  if (!profile) return undefined;
  if (profile.type === 'Localhost') {
    return { type: 'Localhost', localhostRef: join(seccompDirectory, profile.localhostProfile ?? '') };
  }
  return { type: profile.type === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined' };
}

export function selinuxOf(options: V1SELinuxOptions | undefined): SecurityLabels | undefined {
  return options && { user: options.user, role: options.role, type: options.type, level: options.level };
}

function withoutPrefix(capabilities: string[] | undefined): string[] {
  return (capabilities ?? []).map((name) => name.replace(/^CAP_/i, '').toUpperCase());
}

function capabilitiesOf(capabilities: V1Capabilities | undefined) {
  return { addCapabilities: withoutPrefix(capabilities?.add), dropCapabilities: withoutPrefix(capabilities?.drop) };
}

interface User {
  runAsUser?: number;
  runAsUsername?: string;
}

function userOf(pod: V1Pod, container: V1Container, image: ImageInfo): User {
  const asked = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  if (asked !== undefined) return { runAsUser: asked };
  if (image.username) return { runAsUsername: image.username };
  return { runAsUser: image.uid ?? 0 };
}

/** Why the container may not start as the user that it would run as; undefined when it may. */
export function refuseRoot(pod: V1Pod, container: V1Container, image: ImageInfo): string | undefined {
  const context = pod.spec?.securityContext;
  if (!(container.securityContext?.runAsNonRoot ?? context?.runAsNonRoot)) return undefined;
  const where = `(pod: "${podText(pod)}", container: ${container.name})`;
  const asked = container.securityContext?.runAsUser ?? context?.runAsUser;
  if (asked !== undefined) {
    return asked === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  }
  if (image.username) {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`;
  }
  return (image.uid ?? 0) === 0 ? `container has runAsNonRoot and image will run as root ${where}` : undefined;
}

/** The container's security settings: its own before the pod's. */
export function containerSecurity(pod: V1Pod, container: V1Container, image: ImageInfo): ContainerConfig['security'] {
  const own = container.securityContext;
  const shared = pod.spec?.securityContext;
  const privileged = own?.privileged === true;
  const unmasked = own?.procMount === 'Unmasked';
  const apparmor = own?.appArmorProfile ?? shared?.appArmorProfile;
  const seccomp = own?.seccompProfile ?? shared?.seccompProfile ?? { type: 'Unconfined' };
  return {
    namespaces: namespacesOf(pod),
    privileged,
    ...userOf(pod, container, image),
    runAsGroup: own?.runAsGroup ?? shared?.runAsGroup,
    supplementalGroups: podGroups(pod),
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem === true,
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    ...capabilitiesOf(own?.capabilities),
    maskedPaths: privileged || unmasked ? [] : maskedPaths,
    readOnlyPaths: privileged || unmasked ? [] : readOnlyPaths,
    seccomp: securityProfileOf(seccomp),
    apparmor: apparmor && {
      type:
        apparmor.type === 'Localhost' ? 'Localhost' : apparmor.type === 'Unconfined' ? 'Unconfined' : 'RuntimeDefault',
      localhostRef: apparmor.localhostProfile,
    },
    selinux: selinuxOf(own?.seLinuxOptions ?? shared?.seLinuxOptions),
  };
}

export function namespacesOf(pod: V1Pod): NamespaceOptions {
  const { spec } = pod;
  return {
    network: spec?.hostNetwork ? 'node' : 'pod',
    pid: spec?.hostPID ? 'node' : spec?.shareProcessNamespace ? 'pod' : 'container',
    ipc: spec?.hostIPC ? 'node' : 'pod',
  };
}

/** The groups that every process of the pod belongs to besides its own. */
export function podGroups(pod: V1Pod): number[] {
  const context = pod.spec?.securityContext;
  const groups = [...(context?.supplementalGroups ?? [])];
  if (context?.fsGroup !== undefined) groups.push(context.fsGroup);
  return groups;
}
