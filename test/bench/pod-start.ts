import { parseArgs } from 'node:util';
import { systemClock } from '../../libs/base/clock.ts';
import { CriRuntime } from '../../libs/runtime/cri/runtime.ts';
import { Api } from './api-client.ts';
import { BenchCluster, runtimesOf } from './cluster.ts';
import { inParallel, print, quantile } from './measure.ts';
import { StraightOnRuntime, ThroughApi, type Way } from './pod-start-ways.ts';
import { ProcessorMeter, type ProcessorTime, perPod } from './processor-time.ts';

type WayName = 'berth' | 'containerd';
type Ways = Record<WayName, Way>;
const wayNames: readonly WayName[] = ['containerd', 'berth'];
const removedAtOnce = 16;

interface Plan {
  pairs: number;
  burst: number;
  rounds: number;
}

async function timed(way: Way, name: string): Promise<number> {
  const started = performance.now();
  await way.start(name);
  const took = performance.now() - started;
  await way.remove(name);
  return took;
}

/** One pod each way in turns, so that whatever else the machine does falls on both alike. */
async function single(ways: Ways, plan: Plan): Promise<void> {
  const took: Record<WayName, number[]> = { berth: [], containerd: [] };
  for (const name of wayNames) await timed(ways[name], `warm-${name}`);
  for (let pair = 0; pair < plan.pairs; pair++) {
    const order = pair % 2 === 0 ? wayNames : [...wayNames].reverse();
    for (const name of order) took[name].push(await timed(ways[name], `s${pair}-${name}`));
  }
  const ratios = took.berth.map((ms, pair) => ms / took.containerd[pair]!);
  const berthMs = quantile(took.berth, 0.5);
  const containerdMs = quantile(took.containerd, 0.5);
  print({
    name: 'one pod',
    pairs: plan.pairs,
    berthMs: Math.round(berthMs),
    containerdMs: Math.round(containerdMs),
    ratio: +(berthMs / containerdMs).toFixed(2),
    medianOfPairs: +quantile(ratios, 0.5).toFixed(2),
  });
}

/** Pods per second from the first call to the last pod running. */
async function many(way: Way, prefix: string, burst: number): Promise<number> {
  const names = Array.from({ length: burst }, (_, i) => `${prefix}-${i}`);
  const started = performance.now();
  await inParallel(names, burst, (name) => way.start(name));
  const rate = burst / ((performance.now() - started) / 1000);
  await inParallel(names, removedAtOnce, (name) => way.remove(name));
  return rate;
}

/** Bursts both ways in turns, and what of the processors each start and removal took. */
async function bursts(ways: Ways, meter: ProcessorMeter, { burst, rounds }: Plan): Promise<void> {
  const rates: Record<WayName, number[]> = { berth: [], containerd: [] };
  const used: Record<WayName, ProcessorTime[]> = { berth: [], containerd: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? wayNames : [...wayNames].reverse();
    for (const name of order) {
      const before = meter.read();
      rates[name].push(await many(ways[name], `b${round}-${name}`, burst));
      used[name].push(perPod(before, meter.read(), burst));
    }
  }
  const ratios = rates.berth.map((rate, round) => rate / rates.containerd[round]!);
  const berthPerSecond = quantile(rates.berth, 0.5);
  const containerdPerSecond = quantile(rates.containerd, 0.5);
  print({
    name: `${burst} pods at once`,
    runs: rounds,
    berthPerSecond: +berthPerSecond.toFixed(1),
    containerdPerSecond: +containerdPerSecond.toFixed(1),
    ratio: +(berthPerSecond / containerdPerSecond).toFixed(2),
    medianOfPairs: +quantile(ratios, 0.5).toFixed(2),
    cpuMsPerPod: { berth: used.berth, containerd: used.containerd },
  });
}

async function compare(home: string, nodes: number, plan: Plan): Promise<void> {
  const api = new Api(home);
  const runtimes = runtimesOf(home, nodes).map(({ socket, cgroup }) => ({
    runtime: new CriRuntime({ socketPath: socket, clock: systemClock }),
    cgroup,
  }));
  const ways = { berth: new ThroughApi(api), containerd: new StraightOnRuntime(runtimes) };
  try {
    if (plan.pairs > 0) await single(ways, plan);
    if (plan.rounds > 0) await bursts(ways, new ProcessorMeter(home), plan);
  } finally {
    ways.berth.close();
    ways.containerd.close();
    api.close();
  }
}

/**
 * Compares how long a pod takes through Berth and straight on its containerds.
 * Options: --nodes N --pairs N --burst N --rounds N, and --home H for a cluster that is up already.
 */
async function main(): Promise<void> {
  const option = (fallback: string) => ({ type: 'string' as const, default: fallback });
  const { values } = parseArgs({
    options: {
      ...{ nodes: option('3'), pairs: option('30'), burst: option('50'), rounds: option('3') },
      ...{ home: { type: 'string' as const }, port: option('17443') },
    },
  });
  const nodes = Number(values.nodes);
  const plan = { pairs: Number(values.pairs), burst: Number(values.burst), rounds: Number(values.rounds) };
  if (values.home !== undefined) return compare(values.home, nodes, plan);
  const cluster = new BenchCluster(Number(values.port));
  cluster.up('--nodes', values.nodes);
  try {
    await compare(cluster.home, nodes, plan);
  } finally {
    cluster.remove();
  }
}

process.once('SIGINT', () => process.exit(130));
await main();
