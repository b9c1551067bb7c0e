import { systemClock } from '../../libs/base/clock.ts';
import { CriRuntime } from '../../libs/runtime/cri/runtime.ts';
import type { ContainerConfig, SandboxConfig } from '../../libs/runtime/runtime.ts';
import { Api } from './api.ts';
import { BenchCluster } from './cluster.ts';
import { inParallel, print, quantile } from './measure.ts';

const image = 'localhost/berth/busybox:1';
const singles = 10;
const burst = 50;
const rounds = 3;
const pods = '/api/v1/namespaces/default/pods';

interface Pod {
  metadata: { name: string };
  status?: { phase?: string; containerStatuses?: Array<{ state?: { running?: unknown } }> };
}

/** Create through the API until Running is seen on a watch. */
class ThroughApi {
  private readonly waiting = new Map<string, { running?: () => void; gone?: () => void }>();
  private readonly stop: () => void;

  constructor(private readonly api: Api) {
    this.stop = api.watch<Pod>(`${pods}?watch=1`, (type, pod) => {
      const waiting = this.waiting.get(pod.metadata.name);
      if (type === 'DELETED') waiting?.gone?.();
      else if (
        pod.status?.phase === 'Running' &&
        pod.status.containerStatuses?.every((status) => status.state?.running)
      )
        waiting?.running?.();
    });
  }

  async start(name: string): Promise<void> {
    const resources = { requests: { cpu: '5m', memory: '8Mi' }, limits: { memory: '64Mi' } };
    const container = { name: 'c', image, command: ['sleep', '1000'], resources };
    const spec = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, containers: [container] };
    const running = new Promise<void>((done) => this.waiting.set(name, { running: done }));
    await this.api.send('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
    await running;
  }

  async remove(name: string): Promise<void> {
    const gone = new Promise<void>((done) => this.waiting.set(name, { gone: done }));
    await this.api.send('DELETE', `${pods}/${name}?gracePeriodSeconds=0`);
    await gone;
  }

  close(): void {
    this.stop();
  }
}

/** The same work done straight on the nodes' containerds: sandbox, network, limits, container, start. */
class StraightOnRuntime {
  private readonly started = new Map<string, { runtime: CriRuntime; sandbox: string }>();
  private next = 0;

  constructor(private readonly runtimes: ReadonlyArray<{ runtime: CriRuntime; cgroup: string }>) {}

  async start(name: string): Promise<void> {
    const { runtime, cgroup } = this.runtimes[this.next++ % this.runtimes.length]!;
    const sandboxConfig = rawSandbox(name, cgroup);
    const found = await runtime.imageStatus(image);
    if (!found) throw new Error(`${image} is not on the node`);
    const sandbox = await runtime.runSandbox(sandboxConfig, '');
    this.started.set(name, { runtime, sandbox });
    const id = await runtime.createContainer(sandbox, rawContainer(found.id), sandboxConfig);
    await runtime.startContainer(id);
  }

  async remove(name: string): Promise<void> {
    const { runtime, sandbox } = this.started.get(name)!;
    await runtime.stopSandbox(sandbox);
    await runtime.removeSandbox(sandbox);
  }
}

const namespaces = { network: 'pod', pid: 'container', ipc: 'pod' } as const;

function rawSandbox(name: string, cgroupParent: string): SandboxConfig {
  const security = { namespaces, supplementalGroups: [], privileged: false, readOnlyRootFilesystem: false };
  const names = {
    name,
    uid: `raw-${name}`,
    namespace: 'raw',
    hostname: name,
    logDirectory: `/var/tmp/berth-raw/${name}`,
  };
  return { ...names, attempt: 0, portMappings: [], labels: {}, annotations: {}, cgroupParent, sysctls: {}, security };
}

function rawContainer(imageId: string): ContainerConfig {
  const resources = { cpuPeriod: 100_000, cpuQuota: 0, cpuShares: 5, memoryLimit: 64 << 20, oomScoreAdj: 0 };
  const lists = {
    supplementalGroups: [],
    addCapabilities: [],
    dropCapabilities: [],
    maskedPaths: [],
    readOnlyPaths: [],
  };
  const security = { namespaces, privileged: false, readOnlyRootFilesystem: false, noNewPrivileges: false, ...lists };
  return {
    ...{
      name: 'c',
      attempt: 0,
      image: imageId,
      userImage: image,
      command: ['sleep', '1000'],
      args: [],
      workingDirectory: '',
    },
    ...{
      environment: [],
      mounts: [],
      labels: {},
      annotations: {},
      logPath: 'c.log',
      stdin: false,
      stdinOnce: false,
      tty: false,
    },
    ...{ resources, security },
  };
}

interface Way {
  start(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

async function single(way: Way, prefix: string): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < singles; i++) {
    const started = performance.now();
    await way.start(`${prefix}-${i}`);
    took.push(performance.now() - started);
    await way.remove(`${prefix}-${i}`);
  }
  return took;
}

/** Pods per second from the first call to the last pod running. */
async function many(way: Way, prefix: string): Promise<number> {
  const names = Array.from({ length: burst }, (_, i) => `${prefix}-${i}`);
  const started = performance.now();
  await inParallel(names, burst, (name) => way.start(name));
  const rate = burst / ((performance.now() - started) / 1000);
  await inParallel(names, 16, (name) => way.remove(name));
  return rate;
}

/** Compares both ways in turns, so that a busy machine slows both. */
async function main(): Promise<void> {
  const cluster = new BenchCluster(17_443);
  cluster.up('--nodes', '3');
  try {
    const api = new Api(cluster.home);
    const sockets = cluster.runtimes(3);
    const runtimes = sockets.map(({ socket, cgroup }) => ({
      runtime: new CriRuntime({ socketPath: socket, clock: systemClock }),
      cgroup,
    }));
    const ways = { api: new ThroughApi(api), raw: new StraightOnRuntime(runtimes) };
    const times: Record<'api' | 'raw', number[]> = { api: [], raw: [] };
    const rates: Record<'api' | 'raw', number[]> = { api: [], raw: [] };
    for (let round = 0; round < rounds; round++) {
      for (const name of ['raw', 'api'] as const) times[name].push(...(await single(ways[name], `s${round}-${name}`)));
      for (const name of ['raw', 'api'] as const) rates[name].push(await many(ways[name], `b${round}-${name}`));
    }
    const p50 = { api: quantile(times.api, 0.5), raw: quantile(times.raw, 0.5) };
    print({
      name: 'one pod',
      runs: times.api.length,
      berthMs: Math.round(p50.api),
      containerdMs: Math.round(p50.raw),
      ratio: +(p50.api / p50.raw).toFixed(2),
    });
    const rate = { api: quantile(rates.api, 0.5), raw: quantile(rates.raw, 0.5) };
    print({
      name: `${burst} pods at once`,
      runs: rounds,
      berthPerSecond: +rate.api.toFixed(1),
      containerdPerSecond: +rate.raw.toFixed(1),
      ratio: +(rate.api / rate.raw).toFixed(2),
    });
    ways.api.close();
    for (const { runtime } of runtimes) runtime.close();
    api.close();
  } finally {
    cluster.remove();
  }
}

process.once('SIGINT', () => process.exit(130));
await main();
