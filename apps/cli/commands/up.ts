import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../libs/base/clock.ts';
import {
  type ClusterConfig,
  type Home,
  homeFrom,
  loadConfig,
  makeHome,
  saveConfig,
} from '../../../libs/provision/home.ts';
import { type HomeLock, lockHome } from '../../../libs/provision/home-lock.ts';
import { thisMachine } from '../../../libs/provision/machine.ts';
import { clusterIdOf, clusterNames } from '../../../libs/provision/names.ts';
import { claimRanges } from '../../../libs/provision/range-claims.ts';
import { chooseRanges, keepRanges, routeDestinations } from '../../../libs/provision/ranges.ts';
import { createLogger } from '../../../libs/telemetry/logger.ts';
import { applyManifest } from '../apply.ts';
import { LocalCluster } from '../cluster.ts';
import { CliError, type Command, say } from '../command.ts';
import { serveControl } from '../control.ts';
import { detach, reportToParent } from '../detach.ts';
import { farewell, welcome } from '../hints.ts';
import { checkMachine, checkUser } from '../preflight.ts';
import { nodeCount, Progress, seconds } from '../progress.ts';
import { parseUpFlags, type UpFlags, upUsage } from '../up-options.ts';

const defaults = { port: 6443, nodes: 3, store: 'embedded' };
const interruptedExitCode = 130;

export const up: Command = {
  usage: upUsage,
  async run(argv) {
    const flags = parseUpFlags(argv);
    checkUser();
    if (flags.detach) return detach(argv.filter((arg) => arg !== '--detach'));
    const home = homeFrom(process.env);
    await makeHome(home);
    const cgroups = await checkMachine(home.path);
    const lock = await takeLock(home);
    try {
      const before = await loadConfig(home);
      const { config, release } = await settle(home, flags, before);
      const progress = new Progress(systemClock, reportToParent()?.line ?? say);
      const cluster = new LocalCluster({
        home,
        config,
        cgroups,
        machine: { cpus: cpus().length, memoryBytes: totalmem() },
        serverFlags: flags.serverFlags,
        nodesBefore: before?.nodes ?? 0,
        clock: systemClock,
        logger: createLogger({ clock: systemClock }),
        progress,
      });
      return await runCluster(cluster, { home, flags, config, progress, release });
    } finally {
      await lock.release();
    }
  },
};

async function takeLock(home: Home): Promise<HomeLock> {
  try {
    return await lockHome(home.upLock);
  } catch (error) {
    throw new CliError(`${(error as Error).message} (${home.path}). "berth status" shows it, "berth down" stops it`);
  }
}

/** What the command line says, over what an earlier start remembered, over the defaults; and remembers it. */
async function settle(home: Home, flags: UpFlags, before: ClusterConfig | undefined): Promise<Settled> {
  const clusterId = clusterIdOf(home.path);
  // The usual home gets the usual ranges; others begin elsewhere, so that they can run beside it later.
  const seed = home.path === homeFrom({}).path ? 0 : Number.parseInt(clusterId, 16);
  const choose = async (claimed: readonly string[]) => {
    const listing = await thisMachine.run(['ip', '-4', 'route', 'show', 'table', 'all']);
    const taken = [...routeDestinations(listing, clusterNames(clusterId)), ...claimed];
    return before === undefined ? chooseRanges(taken, seed) : keepRanges(before.ranges, taken, seed);
  };
  const { ranges, release } = await claimRanges({ clusterId, clock: systemClock, choose });
  const config = { ...defaults, ...before, ...flags.config, ranges };
  await saveConfig(home, config);
  return { config, release };
}

interface Settled {
  config: ClusterConfig;
  /** Its ranges are in the machine's routes, or will not be. */
  release(): Promise<void>;
}

interface RunInput {
  home: Home;
  flags: UpFlags;
  config: ClusterConfig;
  progress: Progress;
  release(): Promise<void>;
}

async function runCluster(cluster: LocalCluster, input: RunInput): Promise<number> {
  const { home, flags, progress } = input;
  const interrupt = new AbortController();
  const interrupted = new Promise<void>((resolve) => {
    interrupt.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort());
  let started = false;
  try {
    await Promise.race([bringUp(cluster, input, interrupt.signal), interrupted]);
    started = !interrupt.signal.aborted;
    if (started) {
      for (const line of await welcome(home, flags.apply)) progress.say(line);
      reportToParent()?.ready();
      await interrupted;
    }
  } catch (error) {
    if (!interrupt.signal.aborted) progress.say(`could not start: ${(error as Error).message}`);
    await cluster.stop();
    throw error;
  }
  progress.say('stopping');
  await cluster.stop();
  progress.say(farewell(home));
  return started ? 0 : interruptedExitCode;
}

async function bringUp(cluster: LocalCluster, input: RunInput, signal: AbortSignal): Promise<void> {
  const { home, flags, config, progress, release } = input;
  progress.say(`berth: ${nodeCount(config.nodes)}, API on port ${config.port}, data in ${home.path}`);
  await cluster.start().finally(release);
  await serveControl(join(cluster.names.runDirectory, 'up.sock'), (path) => answer(cluster, path));
  await cluster.waitReady(signal);
  await cluster.forgetSurplus();
  if (flags.apply !== undefined) await applyExample(flags.apply, input, signal);
  progress.say(`ready in ${seconds(progress.elapsedMs)}`);
}

/** A manifest that does not come up is no reason to take the cluster away: it is needed to find out why. */
async function applyExample(file: string, { home, progress }: RunInput, signal: AbortSignal): Promise<void> {
  try {
    await applyManifest(home, file, { progress, signal, clock: systemClock });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    progress.say(`  ${error.message}; the cluster runs on, look with kubectl describe`);
  }
}

/** What other commands of the same home may ask of the running one. */
async function answer(cluster: LocalCluster, path: string): Promise<unknown> {
  const [, what, name, verb] = path.split('/');
  if (what === 'status') return cluster.describe();
  if (what === 'nodes' && name !== undefined && verb === 'stop') return cluster.killNode(name);
  if (what === 'nodes' && name !== undefined && verb === 'start') return cluster.reviveNode(name);
  throw new CliError(`nothing is known about ${path}`);
}
