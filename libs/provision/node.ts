import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Clock, sleep } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { applyActions } from './actions.ts';
import { killTree, processesIn, removeTree, signal } from './cgroup-tree.ts';
import { type CgroupLayout, entryFiles, type NodeShare, podsCgroupActions, systemCgroupActions } from './cgroups.ts';
import { containerdCommand, ctr, importImages, prepareContainerd, socketReady } from './containerd.ts';
import { type NodeLayout, nodeLayout } from './layout.ts';
import { nodeLinkActions } from './links.ts';
import { type Machine, type SpawnedProcess, spawnProcess } from './machine.ts';
import { unmountBelow } from './mounts.ts';
import type { ClusterNames, NodeNames } from './names.ts';
import { recordOf, terminate } from './process-record.ts';
import type { ClusterRanges } from './ranges.ts';
import { resolvedServersPath, resolverActions } from './resolver.ts';
import { Supervised } from './supervise.ts';

export interface NodeSpec {
  cluster: ClusterNames;
  names: NodeNames;
  ranges: ClusterRanges;
  share: NodeShare;
  /** The node's folder below BERTH_HOME. */
  home: string;
  logDirectory: string;
  /** Where process ids are noted. */
  pidDirectory: string;
  /** Added to the environment of containerd and the agent. */
  environment: Record<string, string>;
  registryDirectory: string;
  sandboxImage: string;
  images: Promise<{ path: string; digest: string }>;
  /** The agent's whole command line. */
  agentCommand: (layout: NodeLayout) => readonly string[];
}

export interface NodeContext {
  machine: Machine;
  cgroups: CgroupLayout;
  clock: Clock;
  logger: Logger;
  /** Told how long each step took. */
  onStep?: (node: string, step: string, tookMs: number) => void;
}

const agentStopMs = 5_000;
const containerdStopMs = 5_000;
const containerStopMs = 2_000;
const containerPollMs = 20;

/** One node on this machine: namespace and link, cgroups, containerd and agent. */
export class LocalNode {
  readonly layout: NodeLayout;
  private containerd: Supervised | undefined;
  private agent: Supervised | undefined;

  constructor(
    readonly spec: NodeSpec,
    private readonly context: NodeContext,
  ) {
    this.layout = nodeLayout(spec.home, spec.names.runDirectory);
  }

  get name(): string {
    return this.spec.names.name;
  }

  get pids(): { containerd: number | undefined; agent: number | undefined } {
    return { containerd: this.containerd?.pid, agent: this.agent?.pid };
  }

  /** Makes the namespace, the cgroups and a running containerd that has the images; containers that run are kept. */
  async startContainerd(): Promise<void> {
    const { machine, cgroups } = this.context;
    const { names, share } = this.spec;
    await this.stopStrays();
    await this.timed('network and cgroups', () =>
      Promise.all([
        this.makeNetwork(),
        applyActions(machine, [
          ...systemCgroupActions(cgroups, names.systemCgroup),
          ...podsCgroupActions(cgroups, names.podsCgroup, share),
        ]),
        prepareContainerd(machine, this.layout, this.spec),
      ]),
    );
    await this.timed('containerd', () => this.superviseContainerd());
    const images = await this.spec.images;
    await this.timed('images', () => importImages(machine, this.layout, images));
  }

  /** Starts the agent. It says itself, through the API, when the node is ready. */
  async startAgent(): Promise<void> {
    this.agent = this.supervised('agent', this.spec.agentCommand(this.layout));
    await this.timed('agent', () => this.agent!.start());
  }

  /** Ends the agent, the pods' processes and containerd, in this order: an agent would start containers again. */
  async stop(): Promise<void> {
    await this.agent?.stop(agentStopMs);
    await this.stopContainers();
    await this.containerd?.stop(containerdStopMs);
    this.agent = undefined;
    this.containerd = undefined;
  }

  /** Ends everything at once, without warning: what a power cut does to a machine. */
  async kill(): Promise<void> {
    await Promise.all([this.agent?.stop(0), this.containerd?.stop(0)]);
    this.agent = undefined;
    this.containerd = undefined;
    await killTree(this.context.cgroups, this.spec.names.cgroup, this.context.clock);
  }

  /** Removes what is left on the machine once everything is stopped: mounts, links, cgroups, sockets. */
  async remove(): Promise<void> {
    await removeNode(this.spec.names, this.spec.home, this.context);
  }

  private async makeNetwork(): Promise<void> {
    const { machine } = this.context;
    const { names, cluster, ranges } = this.spec;
    const read = (path: string) => machine.read(path).catch(() => '');
    const [resolvConf, behind] = await Promise.all([read('/etc/resolv.conf'), read(resolvedServersPath)]);
    await applyActions(machine, [
      ...nodeLinkActions(cluster, names, ranges),
      ...resolverActions(names, resolvConf, behind),
    ]);
  }

  private async superviseContainerd(): Promise<void> {
    this.containerd = this.supervised('containerd', containerdCommand(this.layout), async () => {
      await socketReady(this.layout.containerdSocket, this.context.clock);
    });
    await this.containerd.start();
  }

  private supervised(
    what: 'containerd' | 'agent',
    argv: readonly string[],
    ready?: (process: SpawnedProcess) => Promise<void>,
  ): Supervised {
    const { names, logDirectory, pidDirectory, environment } = this.spec;
    return new Supervised({
      name: `${what} of ${names.name}`,
      pidFile: `${pidDirectory}/${names.name}-${what}.pid`,
      start: () =>
        spawnProcess({
          argv,
          environment,
          logPath: `${logDirectory}/${names.name}-${what}.log`,
          cgroupFiles: entryFiles(this.context.cgroups, names.systemCgroup),
          namespacePath: names.namespacePath,
          // Pods on the node's own network see it as their host.
          hostname: names.name,
        }),
      ...(ready === undefined ? {} : { ready }),
      clock: this.context.clock,
      logger: this.context.logger,
    });
  }

  /** Ends the agent and containerd of a run that was killed. Shims stay, and with them the containers. */
  private async stopStrays(): Promise<void> {
    const { cgroups, clock } = this.context;
    const pids = await processesIn(cgroups, this.spec.names.systemCgroup);
    await Promise.all(
      pids.map(async (pid) => {
        const record = await recordOf(pid);
        if (record === undefined || (await programOf(pid)).startsWith('containerd-shim')) return;
        await terminate(record, containerdStopMs, clock);
      }),
    );
  }

  /** Asks the pods' processes to end, kills those that do not, and forgets the containers. */
  private async stopContainers(): Promise<void> {
    const { cgroups, clock, machine } = this.context;
    const path = this.spec.names.podsCgroup;
    for (const pid of await processesIn(cgroups, path)) signal(pid, 'SIGTERM');
    const deadline = clock.monotonic() + containerStopMs;
    while ((await processesIn(cgroups, path)).length > 0 && clock.monotonic() < deadline) {
      await sleep(clock, containerPollMs);
    }
    await killTree(cgroups, path, clock);
    if (this.containerd?.pid === undefined) return;
    const ids = (await ctr(machine, this.layout, ['containers', 'ls', '--quiet']).catch(() => '')).split('\n');
    const present = ids.filter((id) => id !== '');
    if (present.length > 0) await ctr(machine, this.layout, ['containers', 'rm', ...present]).catch(() => {});
  }

  private async timed<T>(step: string, work: () => Promise<T>): Promise<T> {
    const since = this.context.clock.monotonic();
    const result = await work();
    this.context.onStep?.(this.name, step, this.context.clock.monotonic() - since);
    return result;
  }
}

/**
 * Kills and removes all that a node has on the machine, except the files in its `home`; works without knowing how it
 * came to be.
 */
export async function removeNode(names: NodeNames, home: string, context: NodeContext): Promise<void> {
  const { machine, cgroups, clock } = context;
  await killTree(cgroups, names.cgroup, clock);
  await unmountBelow(machine, names.runDirectory);
  await unmountBelow(machine, home);
  await removeTree(cgroups, names.cgroup);
  await machine.run(['ip', 'link', 'del', names.hostLink]).catch(() => {});
  await machine.run(['ip', 'netns', 'del', names.namespace]).catch(() => {});
  await machine.remove(names.runDirectory);
}

async function programOf(pid: number): Promise<string> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return basename(command.split('\0')[0] ?? '');
}
