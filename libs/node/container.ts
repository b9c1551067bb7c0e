import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { V1Container, V1Pod, V1VolumeMount } from '../api/gen/types.ts';
import { StatusError } from '../base/status.ts';
import { expandVariables, unknownVariable } from '../pods/expand.ts';
import { oomScoreOf } from '../pods/qos.ts';
import { containerAmounts, cpuPeriodUs, sharesOf } from '../pods/resources.ts';
import { hashOf } from '../pods/spec.ts';
import type { ContainerConfig, ContainerResources, ImageInfo, RuntimeMount } from '../runtime/runtime.ts';
import { annotationNames, labelNames } from './labels.ts';
import { containerLogPath, type PodPaths } from './options.ts';
import { containerSecurity } from './security.ts';
import { bindSubPath } from './volumes/subpath.ts';

const terminationPathDefault = '/dev/termination-log';
const hostsPath = '/etc/hosts';
const graceSecondsDefault = 30;

/** What a container's limits are held against. */
export interface NodeBounds {
  memoryBytes: number;
  /** Microseconds per period for a CPU limit; 0 for none. */
  cpuQuotaUs(limitMillis: number | undefined): number;
  /** Files of every container's group on cgroup v2; undefined on version 1. */
  unified?: Readonly<Record<string, string>>;
}

export interface ContainerInputs {
  pod: V1Pod;
  container: V1Container;
  restartCount: number;
  image: ImageInfo;
  environment: ReadonlyMap<string, string>;
  paths: PodPaths;
  volumePath: (name: string) => string | undefined;
  node: NodeBounds;
  /** The container whose processes an ephemeral one joins. */
  targetId?: string;
}

const propagations: Record<string, RuntimeMount['propagation']> = {
  HostToContainer: 'hostToContainer',
  Bidirectional: 'bidirectional',
};

async function volumeMount(inputs: ContainerInputs, mount: V1VolumeMount, index: number): Promise<RuntimeMount> {
  const root = inputs.volumePath(mount.name);
  if (root === undefined)
    throw new StatusError(
      'NotFound',
      `cannot find volume "${mount.name}" to mount into container "${inputs.container.name}"`,
    );
  if (mount.recursiveReadOnly === 'Enabled') {
    const what = `volume "${mount.name}" requested recursive read-only mode`;
    throw new StatusError('Invalid', `${what}, but it is not supported by the runtime`);
  }
  let subPath = mount.subPath ?? '';
  if (mount.subPathExpr) {
    const unknown = unknownVariable(mount.subPathExpr, inputs.environment);
    if (unknown !== undefined) throw new StatusError('Invalid', `missing value for "${unknown}"`);
    subPath = expandVariables(mount.subPathExpr, inputs.environment);
    if (subPath.startsWith('/')) throw new StatusError('Invalid', `subPath "${subPath}" must not be an absolute path`);
    if (subPath.split('/').includes('..')) throw new StatusError('Invalid', `subPath "${subPath}" must not contain ..`);
  }
  return {
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    hostPath: subPath
      ? await bindSubPath(root, subPath, inputs.paths.subPath(mount.name, inputs.container.name, index))
      : root,
    readOnly: mount.readOnly ?? false,
    propagation: propagations[mount.mountPropagation ?? ''] ?? 'private',
  };
}

async function terminationMount(inputs: ContainerInputs): Promise<RuntimeMount> {
  const { container, paths, restartCount } = inputs;
  const hostPath = paths.terminationFile(container.name, restartCount);
  await mkdir(dirname(hostPath), { recursive: true });
  await writeFile(hostPath, '');
  await chmod(hostPath, 0o666);
  return {
    containerPath: container.terminationMessagePath || terminationPathDefault,
    hostPath,
    readOnly: false,
    propagation: 'private',
  };
}

async function mountsOf(inputs: ContainerInputs): Promise<RuntimeMount[]> {
  const { container, paths } = inputs;
  const mounts: RuntimeMount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    mounts.push(await volumeMount(inputs, mount, index));
  }
  const taken = new Set(mounts.map(({ containerPath }) => containerPath.replace(/\/$/, '')));
  if (!taken.has(hostsPath)) {
    const readOnly = container.securityContext?.readOnlyRootFilesystem === true;
    mounts.push({ containerPath: hostsPath, hostPath: paths.hostsFile, readOnly, propagation: 'private' });
  }
  const termination = await terminationMount(inputs);
  if (!taken.has(termination.containerPath)) mounts.push(termination);
  // A mount below another must come after it.
  return mounts.sort((a, b) => depth(a.containerPath) - depth(b.containerPath));
}

function depth(path: string): number {
  return path.split('/').filter(Boolean).length;
}

/** cgroup settings of one container. The runtime's own default shares stand for "no request". */
export function containerResources(pod: V1Pod, container: V1Container, node: NodeBounds): ContainerResources {
  const { requests, limits } = containerAmounts(container);
  return {
    cpuPeriod: cpuPeriodUs,
    cpuQuota: node.cpuQuotaUs(limits.cpuMillis),
    cpuShares: sharesOf(requests.cpuMillis ?? limits.cpuMillis ?? 0),
    memoryLimit: limits.memoryBytes ?? 0,
    oomScoreAdj: oomScoreOf(pod, requests.memoryBytes ?? limits.memoryBytes ?? 0, node.memoryBytes),
  };
}

/** What the runtime is asked to make for a container. @throws StatusError when its mounts cannot be resolved. */
export async function containerConfigOf(inputs: ContainerInputs): Promise<ContainerConfig> {
  const { pod, container, restartCount, environment } = inputs;
  const expand = (words: string[] | undefined) => (words ?? []).map((word) => expandVariables(word, environment));
  const security = containerSecurity(pod, container, inputs.image);
  if (inputs.targetId) security.namespaces = { ...security.namespaces, pid: 'target', targetId: inputs.targetId };
  return {
    name: container.name,
    attempt: restartCount,
    image: inputs.image.id,
    userImage: container.image ?? '',
    command: expand(container.command),
    args: expand(container.args),
    workingDirectory: container.workingDir ?? '',
    environment: [...environment].map(([name, value]) => ({ name, value })),
    mounts: await mountsOf(inputs),
    labels: {
      [labelNames.podName]: pod.metadata?.name ?? '',
      [labelNames.podNamespace]: pod.metadata?.namespace ?? '',
      [labelNames.podUid]: pod.metadata?.uid ?? '',
      [labelNames.container]: container.name,
    },
    annotations: {
      [annotationNames.hash]: hashOf(container),
      [annotationNames.restartCount]: String(restartCount),
      [annotationNames.terminationPath]: container.terminationMessagePath || terminationPathDefault,
      [annotationNames.terminationPolicy]: container.terminationMessagePolicy || 'File',
      [annotationNames.gracePeriod]: String(pod.spec?.terminationGracePeriodSeconds ?? graceSecondsDefault),
    },
    logPath: containerLogPath(container.name, restartCount),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    resources: { ...containerResources(pod, container, inputs.node), unified: inputs.node.unified },
    security,
  };
}
