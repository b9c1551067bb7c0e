/** The mapping between the CRI's messages and the runtime interface. */
import type {
  ContainerConfig,
  ContainerInfo,
  ContainerResources,
  ContainerRunState,
  ContainerSummary,
  ImageInfo,
  NamespaceMode,
  NamespaceOptions,
  RuntimeMount,
  SandboxConfig,
  SandboxInfo,
  SecurityProfile,
} from '../runtime.ts';
import * as cri from './gen/runtime.ts';

const nanosecondsPerMs = 1_000_000n;

export function msOf(nanoseconds: bigint | undefined): number {
  return nanoseconds === undefined || nanoseconds <= 0n ? 0 : Number(nanoseconds / nanosecondsPerMs);
}

const namespaceModes: Record<NamespaceMode, cri.NamespaceMode> = {
  pod: cri.NamespaceMode.POD,
  container: cri.NamespaceMode.CONTAINER,
  node: cri.NamespaceMode.NODE,
  target: cri.NamespaceMode.TARGET,
};

function namespaceOptions(options: NamespaceOptions): cri.NamespaceOption {
  return {
    network: namespaceModes[options.network],
    pid: namespaceModes[options.pid],
    ipc: namespaceModes[options.ipc],
    targetId: options.targetId,
  };
}

function int64(value: number | undefined): cri.Int64Value | undefined {
  return value === undefined ? undefined : { value: BigInt(value) };
}

function securityProfile(profile: SecurityProfile | undefined): cri.SecurityProfile | undefined {
  if (!profile) return undefined;
  return { profileType: cri.SecurityProfile_ProfileType[profile.type], localhostRef: profile.localhostRef };
}

export function sandboxConfig(config: SandboxConfig): cri.PodSandboxConfig {
  const { security } = config;
  return {
    metadata: { name: config.name, uid: config.uid, namespace: config.namespace, attempt: config.attempt },
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings.map((mapping) => ({ ...mapping, protocol: cri.Protocol[mapping.protocol] })),
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: {
        namespaceOptions: namespaceOptions(security.namespaces),
        runAsUser: int64(security.runAsUser),
        runAsGroup: int64(security.runAsGroup),
        supplementalGroups: security.supplementalGroups.map(BigInt),
        privileged: security.privileged,
        readonlyRootfs: security.readOnlyRootFilesystem,
        seccomp: securityProfile(security.seccomp),
        selinuxOptions: security.selinux,
      },
    },
  };
}

const propagations: Record<RuntimeMount['propagation'], cri.MountPropagation> = {
  private: cri.MountPropagation.PROPAGATION_PRIVATE,
  hostToContainer: cri.MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  bidirectional: cri.MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

export function linuxResources(resources: Partial<ContainerResources>): cri.LinuxContainerResources {
  return {
    cpuPeriod: BigInt(resources.cpuPeriod ?? 0),
    cpuQuota: BigInt(resources.cpuQuota ?? 0),
    cpuShares: BigInt(resources.cpuShares ?? 0),
    memoryLimitInBytes: BigInt(resources.memoryLimit ?? 0),
    oomScoreAdj: BigInt(resources.oomScoreAdj ?? 0),
    unified: resources.unified,
  };
}

function containerSecurity(security: ContainerConfig['security']): cri.LinuxContainerSecurityContext {
  return {
    capabilities: {
      addCapabilities: security.addCapabilities,
      dropCapabilities: security.dropCapabilities,
    },
    privileged: security.privileged,
    namespaceOptions: namespaceOptions(security.namespaces),
    runAsUser: int64(security.runAsUser),
    runAsGroup: int64(security.runAsGroup),
    runAsUsername: security.runAsUsername,
    supplementalGroups: security.supplementalGroups.map(BigInt),
    readonlyRootfs: security.readOnlyRootFilesystem,
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: security.maskedPaths,
    readonlyPaths: security.readOnlyPaths,
    seccomp: securityProfile(security.seccomp),
    apparmor: securityProfile(security.apparmor),
    selinuxOptions: security.selinux,
  };
}

export function containerConfig(config: ContainerConfig): cri.ContainerConfig {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image, userSpecifiedImage: config.userImage },
    command: config.command,
    args: config.args,
    workingDir: config.workingDirectory,
    envs: config.environment.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: config.mounts.map((mount) => ({
      containerPath: mount.containerPath,
      hostPath: mount.hostPath,
      readonly: mount.readOnly,
      propagation: propagations[mount.propagation],
    })),
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: linuxResources(config.resources),
      securityContext: containerSecurity(config.security),
    },
  };
}

export function sandboxInfo(sandbox: cri.PodSandbox & Pick<cri.PodSandboxStatus, 'network'>): SandboxInfo {
  const { network } = sandbox;
  const ips = [network?.ip, ...(network?.additionalIps ?? []).map(({ ip }) => ip)];
  return {
    id: sandbox.id ?? '',
    uid: sandbox.metadata?.uid ?? '',
    name: sandbox.metadata?.name ?? '',
    namespace: sandbox.metadata?.namespace ?? '',
    attempt: sandbox.metadata?.attempt ?? 0,
    ready: (sandbox.state ?? 0) === cri.PodSandboxState.SANDBOX_READY,
    createdAtMs: msOf(sandbox.createdAt),
    labels: sandbox.labels ?? {},
    annotations: sandbox.annotations ?? {},
    ips: ips.filter((ip): ip is string => ip !== undefined && ip !== ''),
  };
}

const runStates: ContainerRunState[] = ['created', 'running', 'exited', 'unknown'];

export function containerSummary(container: cri.Container): ContainerSummary {
  return {
    id: container.id ?? '',
    sandboxId: container.podSandboxId ?? '',
    name: container.metadata?.name ?? '',
    attempt: container.metadata?.attempt ?? 0,
    state: runStates[container.state ?? 0] ?? 'unknown',
    createdAtMs: msOf(container.createdAt),
    image: container.image?.image ?? '',
    imageRef: container.imageRef ?? '',
    labels: container.labels ?? {},
    annotations: container.annotations ?? {},
  };
}

export function containerInfo(status: cri.ContainerStatus): ContainerInfo {
  return {
    id: status.id ?? '',
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    state: runStates[status.state ?? 0] ?? 'unknown',
    createdAtMs: msOf(status.createdAt),
    startedAtMs: msOf(status.startedAt),
    finishedAtMs: msOf(status.finishedAt),
    exitCode: status.exitCode ?? 0,
    image: status.image?.image ?? '',
    imageRef: status.imageRef ?? '',
    reason: status.reason ?? '',
    message: status.message ?? '',
    logPath: status.logPath ?? '',
    labels: status.labels ?? {},
    annotations: status.annotations ?? {},
  };
}

export function imageInfo(image: cri.Image): ImageInfo {
  return {
    id: image.id ?? '',
    tags: image.repoTags ?? [],
    digests: image.repoDigests ?? [],
    sizeBytes: Number(image.size ?? 0n),
    uid: image.uid === undefined ? undefined : Number(image.uid.value ?? 0n),
    username: image.username ?? '',
    pinned: image.pinned ?? false,
  };
}
