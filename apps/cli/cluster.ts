import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { buildCatalogueArchive } from '../../libs/images/build.ts';
import { pauseImage } from '../../libs/images/catalogue.ts';
import { applyActions } from '../../libs/provision/actions.ts';
import { processesIn } from '../../libs/provision/cgroup-tree.ts';
import { type CgroupLayout, entryFiles, systemCgroupActions } from '../../libs/provision/cgroups.ts';
import { accepts } from '../../libs/provision/containerd.ts';
import type { ClusterConfig, Home } from '../../libs/provision/home.ts';
import { bridgeActions } from '../../libs/provision/links.ts';
import { spawnProcess, thisMachine } from '../../libs/provision/machine.ts';
import { type ClusterNames, clusterIdOf, clusterNames, nodeName, nodeNames } from '../../libs/provision/names.ts';
import { LocalNode, type NodeContext, removeNode } from '../../libs/provision/node.ts';
import { recordOf, terminate } from '../../libs/provision/process-record.ts';
import { Supervised } from '../../libs/provision/supervise.ts';
import { findLeftovers, sweepCluster } from '../../libs/provision/sweep.ts';
import { Api, until } from './api.ts';
import { CliError } from './command.ts';
import { checkPortsFree } from './preflight.ts';
import { agentCommand, serverCommand } from './programs.ts';
import { nodeCount, type Progress, seconds } from './progress.ts';
import { notReady } from './readiness.ts';
import { divide } from './sizes.ts';

export interface ClusterOptions {
  home: Home;
  config: ClusterConfig;
  machine: { cpus: number; memoryBytes: number };
  cgroups: CgroupLayout;
  serverFlags: readonly string[];
  /** How many nodes an earlier start had; what is beyond the new number is forgotten. */
  nodesBefore: number;
  clock: Clock;
  logger: Logger;
  progress: Progress;
}

const serverReadyMs = 60_000;
const serverStopMs = 15_000;
const nodesReadyMs = 60_000;
/** The control plane's part of contended CPUs, where each node's is 1. */
const controlWeight = 4;
const identityMs = 30_000;

/** A whole cluster on this machine, kept running until it is stopped. */
export class LocalCluster {
  readonly names: ClusterNames;
  readonly nodes: LocalNode[];
  private readonly context: NodeContext;
  private readonly server: Supervised;
  private readonly down = new Set<string>();
  private readonly startedAtMs: number;

  constructor(private readonly options: ClusterOptions) {
    const { home, cgroups, clock, logger, progress } = options;
    this.names = clusterNames(clusterIdOf(home.path));
    this.startedAtMs = clock.now();
    this.context = {
      machine: thisMachine,
      cgroups,
      clock,
      logger,
      onStep: (node, step, tookMs) => {
        if (process.env.BERTH_TIMES !== undefined) progress.say(`      ${node}: ${step} ${seconds(tookMs)}`);
      },
    };
    const images = buildCatalogueArchive(join(home.images, 'berth.tar'));
    images.catch(() => {});
    this.nodes = this.indexes().map((index) => this.makeNode(index, images));
    this.server = this.makeServer();
  }

  get serverPid(): number | undefined {
    return this.server.pid;
  }

  /** Brings everything up; what an earlier run left is taken over or removed. */
  async start(): Promise<void> {
    const { progress, config } = this.options;
    const { machine } = this.context;
    await progress.step('tidied up after earlier runs', () => this.tidy());
    await checkPortsFree(config.port);
    await applyActions(machine, [
      ...bridgeActions(this.names, config.ranges),
      ...systemCgroupActions(this.context.cgroups, this.names.controlCgroup, controlWeight),
    ]);
    const api = progress.step('control plane answers', () => this.startServer());
    const nodes = progress.step(`${nodeCount(this.nodes.length)}: network, cgroups, containerd, images, agent`, () =>
      Promise.all(this.nodes.map((node) => this.startNode(node))),
    );
    // Both are awaited, so that a failure of one does not leave the other starting behind the undoing.
    const outcomes = await Promise.allSettled([api, nodes]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Resolves when every node says that it is Ready. @throws CliError with the nodes that are not */
  async waitReady(signal: AbortSignal): Promise<void> {
    const { clock, home, progress } = this.options;
    const api = await Api.from(home.kubeconfig);
    const names = this.nodes.map((node) => node.name);
    let waiting: string[] = [];
    try {
      await progress.step(`${nodeCount(this.nodes.length)} Ready`, () =>
        until(clock, { forWhat: 'the nodes', timeoutMs: nodesReadyMs, signal }, async () => {
          waiting = await notReady(api, names, this.startedAtMs);
          return waiting.length === 0 ? true : undefined;
        }),
      );
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new CliError(`not Ready after ${nodesReadyMs / 1000} s: ${waiting.join(', ')}. See ${home.logs}`);
    } finally {
      api.close();
    }
  }

  /** Deletes the objects of nodes that this cluster had and no longer has; their pods go elsewhere at once. */
  async forgetSurplus(): Promise<void> {
    const { home, config, nodesBefore } = this.options;
    if (nodesBefore <= config.nodes) return;
    const api = await Api.from(home.kubeconfig);
    try {
      for (let index = config.nodes + 1; index <= nodesBefore; index++) {
        await api.send('DELETE', `/api/v1/nodes/${nodeName(index)}`);
      }
    } finally {
      api.close();
    }
  }

  /** Stops pods, agents, containerd and the control plane in this order, and leaves nothing on the machine. */
  async stop(): Promise<void> {
    const { progress, config, home } = this.options;
    await progress.step('stopped pods, agents and containerd', () =>
      Promise.all(this.nodes.map((node) => node.stop())),
    );
    await progress.step('stopped the control plane', () => this.server.stop(serverStopMs));
    await progress.step('removed links, mounts and cgroups', () =>
      sweepCluster({ clusterId: this.names.clusterId, home, podRange: config.ranges.pods }, this.context),
    );
  }

  /** Takes a node down as a power cut would, and keeps it down. */
  async killNode(name: string): Promise<void> {
    this.down.add(name);
    await this.nodeNamed(name).kill();
  }

  async reviveNode(name: string): Promise<void> {
    if (!this.down.delete(name)) throw new CliError(`${name} runs already`);
    await this.startNode(this.nodeNamed(name));
  }

  describe() {
    const nodes = this.nodes.map((node) => ({
      name: node.name,
      stopped: this.down.has(node.name),
      ...node.pids,
      namespace: node.spec.names.namespace,
      containerdSocket: node.layout.containerdSocket,
      share: node.spec.share,
    }));
    return { clusterId: this.names.clusterId, server: this.server.pid, port: this.options.config.port, nodes };
  }

  private nodeNamed(name: string): LocalNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) {
      throw new CliError(`no node "${name}" here; there are ${this.nodes.map((node) => node.name).join(', ')}`);
    }
    return found;
  }

  private indexes(): number[] {
    return Array.from({ length: this.options.config.nodes }, (_, at) => at + 1);
  }

  private makeNode(index: number, images: Promise<{ path: string; digest: string }>): LocalNode {
    const { home, config, machine } = this.options;
    const names = nodeNames(this.names.clusterId, index);
    const even = divide(machine, config.nodes);
    const share = {
      cpus: config.nodeCpus ?? even.cpus,
      memoryBytes: config.nodeMemoryBytes ?? even.memoryBytes,
    };
    const spec = {
      cluster: this.names,
      names,
      ranges: config.ranges,
      share,
      home: home.node(names.name),
      logDirectory: home.logs,
      pidDirectory: home.run,
      environment: compileCache(home),
      registryDirectory: home.registries,
      sandboxImage: pauseImage,
      images,
    };
    const agent = { port: config.port, names, ranges: config.ranges, share };
    return new LocalNode({ ...spec, agentCommand: (layout) => agentCommand(agent, layout) }, this.context);
  }

  private makeServer(): Supervised {
    const { home, config, clock, logger, serverFlags } = this.options;
    const argv = serverCommand({
      home: home.path,
      port: config.port,
      store: config.store,
      cluster: this.names,
      ranges: config.ranges,
      nodes: this.indexes().map(nodeName),
      more: serverFlags,
    });
    const logPath = join(home.logs, 'server.log');
    return new Supervised({
      name: 'control plane',
      pidFile: join(home.run, 'server.pid'),
      start: () =>
        spawnProcess({
          argv,
          logPath,
          environment: compileCache(home),
          cgroupFiles: entryFiles(this.context.cgroups, this.names.controlCgroup),
        }),
      clock,
      logger,
    });
  }

  private async startServer(): Promise<void> {
    await this.server.start();
    const { clock, home, config } = this.options;
    let api: Api | undefined;
    try {
      await until(clock, { forWhat: 'the control plane', timeoutMs: serverReadyMs }, async () => {
        if (this.server.restarts > 0) throw new CliError(await this.serverComplaint());
        // A connection is cheap to try; reading certificates and a TLS handshake are not.
        if (!(await accepts({ host: '127.0.0.1', port: config.port }))) return undefined;
        try {
          api ??= await Api.from(home.kubeconfig);
          const answer = await api.send('GET', '/readyz');
          return answer.code === 200 ? true : undefined;
        } catch {
          // The kubeconfig of an earlier cluster may stand there until the new one is written.
          api?.close();
          api = undefined;
          return undefined;
        }
      });
    } finally {
      api?.close();
    }
  }

  /** What the control plane said last, for a person who has not looked into its log. */
  private async serverComplaint(): Promise<string> {
    const path = join(this.options.home.logs, 'server.log');
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
    const last = lines.filter((line) => line.startsWith('berth server: ')).at(-1) ?? 'it said nothing';
    return `the control plane does not start: ${last.replace('berth server: ', '')} (log: ${path})`;
  }

  private async startNode(node: LocalNode): Promise<void> {
    const { clock, home } = this.options;
    await node.startContainerd();
    const identity = join(home.node(node.name), 'agent.crt');
    await until(clock, { forWhat: `${identity}, which the control plane writes`, timeoutMs: identityMs }, async () =>
      existsSync(identity) ? true : undefined,
    );
    await node.startAgent();
  }

  /** Ends the control plane of a killed run and removes nodes that are no longer wanted. */
  private async tidy(): Promise<void> {
    const { cgroups, clock } = this.context;
    for (const pid of await processesIn(cgroups, this.names.controlCgroup)) {
      const record = await recordOf(pid);
      if (record !== undefined) await terminate(record, serverStopMs, clock);
    }
    const found = await findLeftovers(this.names.clusterId, this.context);
    const surplus = found.nodes.filter((index) => index > this.options.config.nodes);
    await Promise.all(
      surplus.map((index) => {
        const names = nodeNames(this.names.clusterId, index);
        return removeNode(names, this.options.home.node(names.name), this.context);
      }),
    );
  }
}

/** Node 22 and newer keep compiled code there, which makes the next start faster; older ones do not look. */
function compileCache(home: Home): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(home.run, 'compile-cache') };
}
