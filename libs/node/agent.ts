import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { V1Pod } from '../api/gen/types.ts';
import { silentLogger } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import type { CgroupTree } from './cgroups/cgroups.ts';
import { detectCgroupTree } from './cgroups/detect.ts';
import { PodCgroups } from './cgroups/pods.ts';
import type { WorkerDeps } from './deps.ts';
import { EventRecorder } from './events.ts';
import { type Measures, NodePressure, nodeMeasures } from './eviction/pressure.ts';
import { startEvictions } from './eviction/start.ts';
import { textOf } from './failure.ts';
import { Gate } from './gate.ts';
import { Handlers } from './handlers.ts';
import { nodeHttp } from './http/routes.ts';
import { collectImages } from './imagegc.ts';
import { Images } from './images.ts';
import { lastWords } from './lastwords.ts';
import { keepLogsShort, type RunningLog } from './logs/rotate.ts';
import { PodManager } from './manager.ts';
import { registerNodeMetrics } from './metrics.ts';
import { NodeStatusReporter } from './nodestatus.ts';
import { NodeObjects } from './objects.ts';
import { type NodeAgentOptions, PodPaths } from './options.ts';
import { ProbeTally } from './probes/tally.ts';
import { identity } from './starter.ts';
import { reportUsage } from './stats/reporter.ts';
import { RuntimeView } from './view.ts';
import { Tokens } from './volumes/tokens.ts';

/** Where machines keep their logs. Source: Filesystem Hierarchy Standard. */
const systemLogsDefault = '/var/log';
/**
 * How many sandboxes, and how many containers, are being made at the same time, by the machine's processors. Each takes a
 * dozen processes; with more of them at once than this, all of them take longer and cost more.
 */
const atOnce = { perProcessor: 2, min: 4, max: 16 };

export interface NodeAgent {
  /** Ends the agent's work; containers keep running and the next agent takes them over. */
  stop(): Promise<void>;
}

function runningLogs(deps: WorkerDeps, manager: PodManager): RunningLog[] {
  return manager.pods().flatMap((pod) => {
    const paths = new PodPaths(deps.paths, identity(pod));
    const running = deps.view.pod(pod.metadata?.uid ?? '').containers.filter(({ state }) => state === 'running');
    return running.map(({ id, name, restartCount }) => ({ containerId: id, path: paths.logFile(name, restartCount) }));
  });
}

interface Measured {
  tree: CgroupTree;
  cgroups: PodCgroups;
  images: string | undefined;
}

function measure({ node, paths, measures }: NodeAgentOptions, { tree, cgroups, images }: Measured): Measures {
  const { memoryBytes } = node;
  const of = { tree, podsCgroup: cgroups.root, memoryBytes, volumesPath: paths.pods, imagesPath: images };
  return (measures ?? nodeMeasures)(of);
}

/** Runs a node: its pods, their logs and commands, its status and figures. The link and the runtime stay the caller's. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { link, runtime, clock, random, paths, node } = options;
  const logger = options.logger ?? silentLogger;
  for (const path of Object.values(paths)) mkdirSync(path, { recursive: true });
  const tree = options.cgroups.tree ?? detectCgroupTree();
  const cgroups = new PodCgroups(tree, options.cgroups.parent);
  cgroups.setUpNode(node);
  const view = new RuntimeView({
    runtime,
    clock,
    logger,
    readEnd: (identity, container, info) => lastWords(paths, identity, container, info),
  });
  const version = await runtime.version();
  await view.relist();
  const imagesPath = (await runtime.imageFilesystem().catch(() => undefined))?.mountpoint;
  const objects = new NodeObjects(link);
  const events = new EventRecorder(link, clock, node.name);
  const width = Math.min(atOnce.max, Math.max(atOnce.min, atOnce.perProcessor * availableParallelism()));
  const deps: WorkerDeps = {
    ...{ runtime, runtimeName: version.name, view, objects, events, cgroups, link, clock, random, logger, paths, node },
    images: new Images({ runtime, objects, events, clock }),
    tokens: new Tokens(link, clock),
    metrics: registerNodeMetrics(options.metrics ?? noMetrics, view, node.name),
    probeTally: new ProbeTally(),
    dns: options.dns,
    pressure: new NodePressure({ clock, measure: () => measure(options, { tree, cgroups, images: imagesPath }) }),
    sandboxGate: new Gate(width),
    startGate: new Gate(width),
  };
  const manager = new PodManager(deps, link.mirror<V1Pod>('pods'));
  const stats = { tree, cgroups, view, pods: () => manager.pods(), now: () => clock.now() };
  const http = nodeHttp({
    source: stats,
    node,
    startedAtMs: clock.now(),
    dns: options.dns,
    metricsText: options.metricsText,
    probes: deps.probeTally,
    pods: () => manager.pods(),
    logs: { system: options.systemLogs ?? systemLogsDefault, pods: paths.logs },
    disks: { volumes: paths.pods, images: imagesPath },
  });
  manager.start();
  link.serve(new Handlers({ deps, manager, http }));
  const unwatch = runtime.watch((event) => {
    view.apply(event).catch((error: unknown) => logger.warn('cannot read the runtime', { error: textOf(error) }));
  });
  const complete = options.completeNodeStatus ?? ((status) => status);
  const status = new NodeStatusReporter(
    { runtime, link, clock, logger, node, paths, pressure: deps.pressure, complete },
    version,
  );
  await status.start();
  const evictions = startEvictions({ deps, manager, stats, imagesPath });
  const stops = [
    unwatch,
    () => evictions.stop(),
    () => status.stop(),
    reportUsage({ source: stats, link, clock, logger }),
    collectImages({ runtime, clock, logger, lastUsedMs: deps.images.lastUsedMs, pods: () => manager.activePods() }),
    keepLogsShort({ runtime, clock, logger, running: () => runningLogs(deps, manager) }),
  ];
  return {
    stop: async () => {
      for (const stop of stops) stop();
      manager.stop();
    },
  };
}
