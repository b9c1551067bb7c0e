import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Namespace, V1Pod, V1Service, V1ServiceAccount } from '../../libs/api/gen/types.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { priorityclasses } from '../../libs/api/kinds/priorityclass.ts';
import { services } from '../../libs/api/kinds/service.ts';
import { serviceaccounts } from '../../libs/api/kinds/serviceaccount.ts';
import { HttpClient } from '../../libs/client/http.ts';
import { readKubeconfig } from '../../libs/client/kubeconfig.ts';
import { startEtcd } from '../support/etcd-server.ts';
import { inParallel, print, quantile, residentMegabytes } from './measure.ts';
import { measuredPods, node, pod, type Shape, shapes, unfitting } from './scheduler-shapes.ts';

/** Requests under way at once, and how long the last pod may take. */
const requestsAtOnce = 64;
const boundSecondsMax = 180;
/** Questions in a row that must find no new decision before all is taken as decided. */
const quietPollsMin = 2;

/** Watches the bench's namespace and remembers when each pod was seen bound. */
class BoundWatch {
  readonly boundMs = new Map<string, number>();
  private readonly stopper = new AbortController();

  constructor(client: HttpClient, resourceVersion: string) {
    void this.run(client, resourceVersion);
  }

  private async run(client: HttpClient, resourceVersion: string): Promise<void> {
    const options = { namespace: 'bench', resourceVersion, signal: this.stopper.signal };
    for await (const batch of client.watch<V1Pod>(pods, options)) {
      for (const { object } of batch) {
        const name = object.metadata?.name ?? '';
        if (object.spec?.nodeName && !this.boundMs.has(name)) this.boundMs.set(name, performance.now());
      }
    }
  }

  async until(count: number): Promise<void> {
    const end = performance.now() + boundSecondsMax * 1000;
    while (this.boundMs.size < count && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  stop(): void {
    this.stopper.abort();
  }
}

async function prepare(client: HttpClient, shape: Shape): Promise<void> {
  await client.create<V1Namespace>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'bench' } };
  await client.create<V1ServiceAccount>(serviceaccounts, account);
  const metadata = { name: 'high' };
  await client.create(priorityclasses, {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata,
    value: 10,
  });
  const numbers = Array.from({ length: shape.nodes }, (_, at) => at);
  await inParallel(numbers, requestsAtOnce, async (at) => {
    await client.create(nodes, node(at, shape.nodeCpu));
  });
}

/** As a client sends it: identity and priority are the server's. */
function posted(name: string, cpu: string | undefined, { priority, ...spec }: Shape['spec']): V1Pod {
  const { uid, ...metadata } = pod(name).metadata ?? {};
  return {
    // Without an agent nobody would end the containers of a pod that is evicted: it goes at once.
    ...pod(name, cpu, {
      ...spec,
      terminationGracePeriodSeconds: 0,
      ...(priority ? { priorityClassName: 'high' } : {}),
    }),
    metadata: { ...metadata },
  };
}

async function create(client: HttpClient, created: readonly V1Pod[], sentMs: Map<string, number>): Promise<void> {
  await inParallel(created, requestsAtOnce, async (each) => {
    sentMs.set(each.metadata?.name ?? '', performance.now());
    await client.create(pods, each);
  });
}

/**
 * Creates pods that fit nowhere, and waits until it has been decided about each: a decision may be a second one about
 * the same pod, so their number says little, but when none is made any more there is nothing left to decide.
 */
async function createBacklog(client: HttpClient, backlog: readonly V1Pod[], child: ChildProcess): Promise<void> {
  await create(client, backlog, new Map());
  const end = performance.now() + boundSecondsMax * 1000;
  let decided = 0;
  for (let quietPolls = 0; decided < backlog.length || quietPolls < quietPollsMin; ) {
    if (performance.now() >= end) throw new Error(`${decided} decisions about ${backlog.length} pods in time`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { count } = await decisionTimes(child);
    decided += count;
    quietPolls = count === 0 ? quietPolls + 1 : 0;
  }
}

/** Nodes go and come, and services change, until told to stop: one of each at a time. */
async function churn(client: HttpClient, shape: Shape, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    const at = (round * 7) % shape.nodes;
    const labels = { metadata: { labels: { round: `${round}` } } };
    await client.patch(nodes, { name: `node-${at}` }, { type: 'merge', body: labels });
    await client.create(nodes, node(shape.nodes + round, shape.nodeCpu));
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: `s-${round}`, namespace: 'bench' } };
    await client.create<V1Service>(services, { ...service, spec: { selector: { app: 'x' }, ports: [{ port: 80 }] } });
    await client.delete(services, { namespace: 'bench', name: `s-${round}` });
    await client.delete(nodes, { name: `node-${shape.nodes + round}` });
  }
}

async function measure(client: HttpClient, shape: Shape, store: string, child: ChildProcess): Promise<void> {
  const pid = child.pid!;
  await prepare(client, shape);
  const { resourceVersion } = await client.list(pods, { namespace: 'bench', limit: 1 });
  const watch = new BoundWatch(client, resourceVersion);
  const make = (kind: string, count: number, cpu: string | undefined, spec: Shape['spec']) =>
    Array.from({ length: count }, (_, at) => posted(`${kind}-${at}`, cpu, spec));
  await create(client, make('existing', shape.existing, shape.existingCpu, {}), new Map());
  await watch.until(shape.existing);
  await decisionTimes(child);
  const backlog = Array.from({ length: shape.backlog ?? 0 }, (_, at) => unfitting(at));
  const never = backlog.map(({ name, cpu }) => posted(name, cpu, {}));
  if (!shape.isBacklogMeasured) await createBacklog(client, never, child);
  const cpuBefore = cpuSeconds(pid);
  const sentMs = new Map<string, number>();
  const churning = new AbortController();
  if (shape.hasChurn) void churn(client, shape, churning.signal).catch(() => {});
  const from = performance.now();
  if (shape.isBacklogMeasured) await create(client, never, new Map());
  await create(client, make('measured', shape.pods, shape.cpu, shape.spec), sentMs);
  const createSeconds = (performance.now() - from) / 1000;
  await watch.until(shape.existing + shape.pods);
  watch.stop();
  churning.abort();
  const cpuSpent = cpuSeconds(pid) - cpuBefore;
  const bound = [...sentMs].flatMap(([name, ms]) => (watch.boundMs.has(name) ? [watch.boundMs.get(name)! - ms] : []));
  const seconds = (Math.max(...watch.boundMs.values()) - from) / 1000;
  print({
    part: 'end to end',
    store,
    shape: shape.name,
    nodes: shape.nodes,
    existing: shape.existing,
    pods: shape.pods,
    bound: bound.length,
    podsPerSecond: Math.round(bound.length / seconds),
    createsPerSecond: Math.round(measuredPods(shape) / createSeconds),
    createToBoundMs: { p50: Math.round(quantile(bound, 0.5)), p99: Math.round(quantile(bound, 0.99)) },
    decisionMs: await decisionTimes(child),
    cpuSeconds: +cpuSpent.toFixed(1),
    cpuMicrosPerPod: Math.round((cpuSpent * 1e6) / measuredPods(shape)),
    memoryMegabytes: residentMegabytes(readFileSync(`/proc/${pid}/status`, 'utf8')),
  });
}

/** User and system time of a process; the kernel counts in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface DecisionTimes {
  count: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  max: number;
}

/** How long the decisions since the last question have taken. */
async function decisionTimes(child: ChildProcess): Promise<DecisionTimes> {
  const answer = firstLine(child);
  child.kill('SIGUSR2');
  return JSON.parse(await answer);
}

/** Each shape on a control plane of its own. */
export async function runEndToEnd(
  only: string | undefined,
  { stores, scale }: { stores: readonly string[]; scale: number },
): Promise<void> {
  for (const store of stores) {
    for (const shape of shapes) {
      if (only === undefined || shape.name === only) await runOne(scaled(shape, scale), store);
    }
  }
}

function scaled(shape: Shape, scale: number): Shape {
  const { nodes: nodeCount, existing, pods: podCount, backlog } = shape;
  const times = (figure: number) => Math.round(figure * scale);
  return {
    ...shape,
    nodes: times(nodeCount),
    existing: times(existing),
    pods: times(podCount),
    ...(backlog === undefined ? {} : { backlog: times(backlog) }),
  };
}

async function runOne(shape: Shape, store: string): Promise<void> {
  const directory = mkdtempSync(join(process.cwd(), '.bench-'));
  const etcd = store === 'etcd' ? await startEtcd({ directory: join(directory, 'etcd') }) : undefined;
  const program = join(import.meta.dirname, 'control-plane.js');
  const choice = etcd === undefined ? 'embedded' : `etcd=${etcd.url}`;
  const child = spawn(process.execPath, [program, join(directory, 'home'), choice], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const client = new HttpClient(readKubeconfig(await firstLine(child), 'berth-bench'));
    await measure(client, shape, store, child);
    client.close();
  } finally {
    child.kill('SIGKILL');
    await etcd?.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the control plane ended with exit code ${code}`));
    child.once('exit', ended);
    child.stdout?.once('data', (chunk: Buffer) => {
      child.off('exit', ended);
      resolve(chunk.toString().trim());
    });
  });
}
