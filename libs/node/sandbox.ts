import type { V1Pod } from '../api/gen/types.ts';
import { StatusError } from '../base/status.ts';
import type { SandboxConfig } from '../runtime/runtime.ts';
import { labelNames } from './labels.ts';
import type { NodeDns } from './options.ts';
import { podDns } from './resolver.ts';
import { namespacesOf, podGroups, securityProfileOf, selinuxOf } from './security.ts';

/** The kernel's limit on host names. */
const hostnameLengthMax = 63;
/** The longest full name that may be a host name. */
const fullNameLengthMax = 64;

/** The pod's short host name and, for pods of a subdomain, its domain. */
export function podHostname(pod: V1Pod, clusterDomain: string): { hostname: string; domain: string } {
  const { spec } = pod;
  if (spec?.hostnameOverride) return { hostname: spec.hostnameOverride, domain: '' };
  const name = pod.metadata?.name ?? '';
  const hostname = (spec?.hostname ?? name.slice(0, hostnameLengthMax)).replace(/[-.]+$/, '');
  const domain = spec?.subdomain ? `${spec.subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}` : '';
  return { hostname, domain };
}

function kernelHostname(pod: V1Pod, clusterDomain: string): string {
  if (pod.spec?.hostNetwork) return '';
  const { hostname, domain } = podHostname(pod, clusterDomain);
  if (!pod.spec?.setHostnameAsFQDN || domain === '') return hostname;
  const full = `${hostname}.${domain}`;
  if (full.length <= fullNameLengthMax) return full;
  const limits = `${fullNameLengthMax} characters is the max, ${full.length} characters requested`;
  const what = 'Failed to construct FQDN from pod hostname and cluster domain';
  throw new StatusError('Invalid', `${what}, FQDN ${full} is too long (${limits})`);
}

function portMappings(pod: V1Pod): SandboxConfig['portMappings'] {
  if (pod.spec?.hostNetwork) return [];
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return containers.flatMap(({ ports }) =>
    (ports ?? [])
      .filter(({ hostPort }) => hostPort)
      .map((port) => ({
        protocol: protocolOf(port.protocol),
        containerPort: port.containerPort,
        hostPort: port.hostPort ?? 0,
        hostIp: port.hostIP ?? '',
      })),
  );
}

function protocolOf(protocol: string | undefined): 'TCP' | 'UDP' | 'SCTP' {
  return protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
}

export interface SandboxInputs {
  pod: V1Pod;
  attempt: number;
  cgroupParent: string;
  logDirectory: string;
  dns: NodeDns;
}

/** What the runtime is asked to make for a pod. @throws StatusError when the pod's own settings cannot be met. */
export function sandboxConfigOf(inputs: SandboxInputs): SandboxConfig {
  const { pod } = inputs;
  const context = pod.spec?.securityContext;
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const name = pod.metadata?.name ?? '';
  const namespace = pod.metadata?.namespace ?? '';
  const uid = pod.metadata?.uid ?? '';
  return {
    name,
    uid,
    namespace,
    attempt: inputs.attempt,
    hostname: kernelHostname(pod, inputs.dns.domain),
    logDirectory: inputs.logDirectory,
    dns: podDns(pod, inputs.dns),
    portMappings: portMappings(pod),
    labels: {
      ...pod.metadata?.labels,
      [labelNames.podName]: name,
      [labelNames.podNamespace]: namespace,
      [labelNames.podUid]: uid,
    },
    annotations: { ...pod.metadata?.annotations },
    cgroupParent: inputs.cgroupParent,
    sysctls: Object.fromEntries(
      (context?.sysctls ?? []).map(({ name: key, value }) => [key.replaceAll('/', '.'), value]),
    ),
    security: {
      namespaces: namespacesOf(pod),
      runAsUser: context?.runAsUser,
      runAsGroup: context?.runAsUser === undefined ? undefined : context.runAsGroup,
      supplementalGroups: podGroups(pod),
      privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
      readOnlyRootFilesystem: false,
      seccomp: securityProfileOf(context?.seccompProfile) ?? { type: 'RuntimeDefault' },
      selinux: selinuxOf(context?.seLinuxOptions),
    },
  };
}
