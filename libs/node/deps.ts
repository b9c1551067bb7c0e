import type { V1Pod } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { PodCgroups } from './cgroups/pods.ts';
import type { NodeBounds } from './container.ts';
import type { EventRecorder } from './events.ts';
import type { NodePressure } from './eviction/pressure.ts';
import type { PodFacts } from './fieldref.ts';
import type { Gate } from './gate.ts';
import type { Images } from './images.ts';
import type { NodeLink } from './link.ts';
import type { NodeMetrics } from './metrics.ts';
import type { NodeObjects } from './objects.ts';
import type { NodeDns, NodeIdentity, NodePaths } from './options.ts';
import type { ProbeTally } from './probes/tally.ts';
import type { RuntimeView } from './view.ts';
import type { Tokens } from './volumes/tokens.ts';

/** What every pod's worker shares. */
export interface WorkerDeps {
  runtime: ContainerRuntime;
  runtimeName: string;
  view: RuntimeView;
  images: Images;
  objects: NodeObjects;
  tokens: Tokens;
  events: EventRecorder;
  cgroups: PodCgroups;
  link: Pick<NodeLink, 'reportPodStatus' | 'reportPodGone'>;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: NodeMetrics;
  probeTally: ProbeTally;
  paths: NodePaths;
  node: NodeIdentity;
  dns: NodeDns;
  pressure: NodePressure;
  /** Bounds how many sandboxes are made at once. */
  sandboxGate: Gate;
  /** Bounds how many containers are created and started at once. */
  startGate: Gate;
}

export function factsOf(deps: Pick<WorkerDeps, 'node'>, pod: V1Pod, podIps: readonly string[]): PodFacts {
  const hostIps = deps.node.ips;
  return {
    pod,
    podIps: pod.spec?.hostNetwork ? hostIps : podIps,
    hostIps,
    nodeCpuMillis: deps.node.cpuMillis,
    nodeMemoryBytes: deps.node.memoryBytes,
  };
}

/** What the limits of this node's containers are held against. */
export function nodeBounds(deps: Pick<WorkerDeps, 'node' | 'cgroups'>): NodeBounds {
  const { node, cgroups } = deps;
  const { containerFiles: unified } = cgroups;
  return { memoryBytes: node.memoryBytes, cpuQuotaUs: (limitMillis) => cgroups.cpuQuotaUs(limitMillis), unified };
}
