import { join } from 'node:path';
import type { V1Node } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { CgroupTree } from './cgroups/cgroups.ts';
import type { nodeMeasures } from './eviction/pressure.ts';
import type { NodeLink } from './link.ts';

/** What the node is and offers. */
export interface NodeIdentity {
  name: string;
  /** Its addresses, the first one first in every status. */
  ips: string[];
  /** Millicores that its pods may use together. */
  cpuMillis: number;
  memoryBytes: number;
  podsMax: number;
}

export interface NodeDns {
  /** The cluster's name servers. */
  servers: string[];
  /** Such as cluster.local. */
  domain: string;
  /** The node's own resolver configuration, for what the cluster does not know. */
  resolvConf: string;
}

export interface NodePaths {
  /** Pods' volumes, on disk. */
  pods: string;
  /** Directory on a tmpfs: secrets and tokens never touch a disk. */
  memory: string;
  /** Containers' logs. */
  logs: string;
}

export interface NodeAgentOptions {
  link: NodeLink;
  runtime: ContainerRuntime;
  clock: Clock;
  random: Random;
  logger?: Logger;
  metrics?: Metrics;
  paths: NodePaths;
  /** The cgroup of everything on the node, such as /berth/c1/node-1; pods go into `kubepods` below it. */
  cgroups: {
    parent: string;
    /** The machine's own when absent. */
    tree?: CgroupTree;
  };
  node: NodeIdentity;
  dns: NodeDns;
  /** What `/metrics` answers: the process's metrics as Prometheus text. */
  metricsText?: () => Promise<string>;
  /** The folder of the machine's logs, which the node proxy shows; `/var/log` when absent. */
  systemLogs?: string;
  /** How full the node is, for tests; read from the kernel when absent. */
  measures?: typeof nodeMeasures;
  /** Called with every node status before it is reported; for what only the composer knows. */
  completeNodeStatus?: (status: NonNullable<V1Node['status']>) => NonNullable<V1Node['status']>;
}

/** Where one pod's files are. */
export class PodPaths {
  readonly directory: string;
  readonly memory: string;
  readonly logs: string;

  constructor(paths: NodePaths, pod: { namespace: string; name: string; uid: string }) {
    this.directory = join(paths.pods, pod.uid);
    this.memory = join(paths.memory, pod.uid);
    this.logs = join(paths.logs, `${pod.namespace}_${pod.name}_${pod.uid}`);
  }

  get hostsFile(): string {
    return join(this.directory, 'etc-hosts');
  }

  volume(plugin: string, name: string): string {
    return join(this.directory, 'volumes', plugin, name);
  }

  /** Parts of volumes are bound below it, of which none is the pod's own a second time. */
  get subPaths(): string {
    return join(this.directory, 'volume-subpaths');
  }

  /** Where the part of a volume that a container's mount number `index` shows is bound. */
  subPath(volume: string, container: string, index: number): string {
    return join(this.subPaths, volume, container, String(index));
  }

  memoryVolume(name: string): string {
    return join(this.memory, name);
  }

  /** The file that a container's run writes its last words to. */
  terminationFile(container: string, restartCount: number): string {
    return join(this.directory, 'containers', container, String(restartCount));
  }

  logFile(container: string, restartCount: number): string {
    return join(this.logs, containerLogPath(container, restartCount));
  }
}

/** A container's log, relative to its pod's log directory. */
export function containerLogPath(container: string, restartCount: number): string {
  return `${container}/${restartCount}.log`;
}
