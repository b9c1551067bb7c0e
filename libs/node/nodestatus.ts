import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import type { V1NodeCondition, V1NodeStatus } from '../api/gen/types.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ContainerRuntime, RuntimeCondition } from '../runtime/runtime.ts';
import { diskOf, type NodePressure } from './eviction/pressure.ts';
import { textOf } from './failure.ts';
import type { NodeLink } from './link.ts';
import type { NodeIdentity, NodePaths } from './options.ts';

/** How often the node looks at itself, and how long an unchanged status is kept to itself. */
const lookMs = 10_000;
/** While the node is not ready, which at a start is a matter of the network's configuration. */
const unreadyLookMs = 100;
/** How long an unchanged node status is kept to itself. */
const silenceMsMax = 300_000;
/** How many images a node status names, the largest first. */
const imagesReportedMax = 50;
/** How many names it gives of each. */
const namesPerImageMax = 5;
const bytesPerKi = 1024;
const versionText = 'v1.36.0';

interface Measured {
  pressure: boolean;
  reason: string;
  message: string;
}

export interface NodeStatusDeps {
  runtime: ContainerRuntime;
  link: Pick<NodeLink, 'reportNodeStatus'>;
  clock: Clock;
  logger: Logger;
  node: NodeIdentity;
  paths: NodePaths;
  pressure: NodePressure;
  complete: (status: V1NodeStatus) => V1NodeStatus;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function osImage(): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux';
}

function memoryPressure({ pressure }: NodeStatusDeps): Measured {
  return pressure.under('memory')
    ? {
        pressure: true,
        reason: 'KubeletHasInsufficientMemory',
        message: 'kubelet has insufficient memory available',
      }
    : {
        pressure: false,
        reason: 'KubeletHasSufficientMemory',
        message: 'kubelet has sufficient memory available',
      };
}

function diskPressure({ pressure }: NodeStatusDeps): Measured {
  return pressure.under('ephemeral-storage')
    ? { pressure: true, reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' }
    : { pressure: false, reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' };
}

const noPidPressure: Measured = {
  pressure: false,
  reason: 'KubeletHasSufficientPID',
  message: 'kubelet has sufficient PID available',
};

function readiness(conditions: RuntimeCondition[] | Error): Pick<V1NodeCondition, 'status' | 'reason' | 'message'> {
  if (conditions instanceof Error) {
    const message = `container runtime is down: ${conditions.message}`;
    return { status: 'False', reason: 'KubeletNotReady', message };
  }
  const wrong = conditions.filter(
    ({ type, status }) => !status && (type === 'RuntimeReady' || type === 'NetworkReady'),
  );
  if (wrong.length === 0) return { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  const texts = wrong.map(({ type, reason, message }) => {
    const what = type === 'NetworkReady' ? 'container runtime network not ready' : 'container runtime not ready';
    return `${what}: ${type}=false reason:${reason} message:${message}`;
  });
  return { status: 'False', reason: 'KubeletNotReady', message: texts.join(', ') };
}

/** Keeps the node's status in the API in step with the node, until stopped. Only changes are reported. */
export class NodeStatusReporter {
  readonly #deps: NodeStatusDeps;
  readonly #fixed: Pick<V1NodeStatus, 'nodeInfo' | 'addresses' | 'daemonEndpoints'>;
  #conditions: V1NodeCondition[] = [];
  #lastText = '';
  #lastReportMs = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(deps: NodeStatusDeps, runtimeVersion: { name: string; version: string }) {
    this.#deps = deps;
    const addresses = deps.node.ips.map((address) => ({ type: 'InternalIP', address }));
    this.#fixed = {
      addresses: [...addresses, { type: 'Hostname', address: deps.node.name }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture: arch() === 'x64' ? 'amd64' : arch(),
        bootID: read('/proc/sys/kernel/random/boot_id'),
        containerRuntimeVersion: `${runtimeVersion.name}://${runtimeVersion.version}`,
        kernelVersion: release(),
        kubeProxyVersion: versionText,
        kubeletVersion: versionText,
        machineID: read('/etc/machine-id'),
        operatingSystem: 'linux',
        osImage: osImage(),
        systemUUID: read('/sys/class/dmi/id/product_uuid') || read('/etc/machine-id'),
      },
    };
  }

  /** Reports once, then whenever a look finds a change. */
  async start(): Promise<void> {
    await this.#look();
    const again = () => {
      if (this.#stopped) return;
      const ready = this.#conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
      const delayMs = ready ? lookMs : unreadyLookMs;
      this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#look().finally(again));
    };
    again();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    try {
      const status = await this.#status();
      const now = this.#deps.clock.now();
      const text = JSON.stringify({
        ...status,
        conditions: status.conditions?.map((c) => ({ ...c, lastHeartbeatTime: '' })),
      });
      if (text === this.#lastText && now - this.#lastReportMs < silenceMsMax) return;
      this.#lastText = text;
      this.#lastReportMs = now;
      this.#deps.link.reportNodeStatus(status);
    } catch (error) {
      this.#deps.logger.warn('cannot read the node', { error: textOf(error) });
    }
  }

  async #status(): Promise<V1NodeStatus> {
    const { node, runtime, paths, pressure } = this.#deps;
    pressure.look();
    const conditions = await runtime.conditions().catch((error: unknown) => new Error(textOf(error)));
    const images = await runtime.listImages().catch(() => []);
    const resources = {
      cpu: node.cpuMillis % 1000 === 0 ? String(node.cpuMillis / 1000) : `${node.cpuMillis}m`,
      memory: `${Math.floor(node.memoryBytes / bytesPerKi)}Ki`,
      pods: String(node.podsMax),
      'ephemeral-storage': `${Math.floor(diskOf(paths.pods).totalBytes / bytesPerKi)}Ki`,
    };
    return this.#deps.complete({
      ...this.#fixed,
      capacity: resources,
      allocatable: resources,
      conditions: this.#updateConditions(readiness(conditions)),
      images: images
        .map(({ digests, tags, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, namesPerImageMax), sizeBytes }))
        .filter(({ names }) => names.length > 0)
        .sort((a, b) => b.sizeBytes - a.sizeBytes)
        .slice(0, imagesReportedMax),
    });
  }

  #updateConditions(ready: Pick<V1NodeCondition, 'status' | 'reason' | 'message'>): V1NodeCondition[] {
    const pressures: Array<[string, Measured]> = [
      ['MemoryPressure', memoryPressure(this.#deps)],
      ['DiskPressure', diskPressure(this.#deps)],
      ['PIDPressure', noPidPressure],
    ];
    const found = [
      ...pressures.map(([type, { pressure, reason, message }]) => ({
        type,
        status: pressure ? 'True' : 'False',
        reason,
        message,
      })),
      { type: 'Ready', ...ready },
    ];
    const now = rfc3339(this.#deps.clock.now());
    this.#conditions = found.map((condition) => {
      const before = this.#conditions.find(({ type }) => type === condition.type);
      const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now;
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
    });
    return this.#conditions;
  }
}
