import type { V1Pod } from '../../libs/api/gen/types.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { Cluster } from '../../libs/scheduling/cluster.ts';
import { DecisionRecords } from '../../libs/scheduling/decision-records.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import type { PlacedPod } from '../../libs/scheduling/pod-info.ts';
import { SchedulingQueue } from '../../libs/scheduling/queue.ts';
import { SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';
import { print, quantile } from './measure.ts';
import { measuredPods, node, pod, type Shape, shapes, unfitting } from './scheduler-shapes.ts';

const warmUpPods = 5000;

/**
 * The scheduling core without I/O: each measured pod is read, queued, taken out, decided and placed. Time to make the
 * objects is not counted, time to read them is.
 */
class CoreRun {
  readonly cluster = new Cluster();
  private readonly core = new SchedulerCore(this.cluster);
  private readonly queue = new SchedulingQueue();
  private readonly random = seededRandom(1);
  readonly decisionMs: number[] = [];
  placed = 0;
  victims = 0;
  private turns = 0;
  private readonly shape: Shape;
  private readonly records: DecisionRecords | undefined;

  constructor(shape: Shape, keepsRecords = true) {
    this.shape = shape;
    this.records = keepsRecords ? new DecisionRecords(this.cluster) : undefined;
    for (let at = 0; at < shape.nodes; at++) this.cluster.setNode(node(at, shape.nodeCpu));
    for (let at = 0; at < shape.existing; at++) this.enqueue(pod(`existing-${at}`, shape.existingCpu));
    this.drain();
    if (!shape.isBacklogMeasured) for (const each of backlogOf(shape)) this.enqueue(each);
    this.drain();
    this.decisionMs.length = 0;
    this.placed = 0;
  }

  enqueue(each: ReturnType<typeof pod>): void {
    const info = this.cluster.read(each);
    this.queue.add(info, this.core.views.keyOf(info), performance.now());
  }

  drain(): void {
    for (let entry = this.queue.pop(); entry !== undefined; entry = this.queue.pop()) {
      const from = performance.now();
      let decision = this.core.decide(entry.info);
      if (decision.kind === 'unschedulable') {
        const preemption = this.core.preempt(entry.info);
        if (preemption !== undefined) {
          this.cluster.nominate(entry.info, preemption.nodeName);
          this.evict(preemption.victims);
          decision = this.core.decide(entry.info);
        }
      }
      const durationMs = performance.now() - from;
      this.decisionMs.push(durationMs);
      const attempt = { info: entry.info, atMs: from, durationMs, attempts: entry.attempts };
      this.records?.keep(attempt, decision, this.core.lastView!);
      if (decision.kind === 'node') {
        this.cluster.place(entry.info, decision.nodeName);
        this.queue.done(entry);
        this.placed++;
      } else this.queue.refuse(entry, decision.wakesOn, from);
      if (this.shape.hasChurn && ++this.turns % 20 === 0) this.churn();
    }
  }

  /** Works without being measured. */
  warmUp(): void {
    for (let at = 0; at < warmUpPods; at++) this.enqueue(pod(`warm-${at}`, this.shape.cpu, this.shape.spec));
    this.drain();
  }

  private evict(victims: readonly PlacedPod[]): void {
    this.victims += victims.length;
    for (const { key } of victims) this.cluster.displace(key);
  }

  /** A node goes or comes, a service changes, a pod ends: one of each for every twenty pods. */
  private churn(): void {
    const { cluster, random, queue, shape } = this;
    const index = Math.floor(random.next() * shape.nodes);
    if (cluster.table.exists(cluster.table.slotFor(`node-${index}`))) cluster.removeNode(`node-${index}`);
    else cluster.setNode(node(index));
    cluster.setService('bench', `service-${index % 10}`, index % 2 ? { app: 'other' } : undefined);
    cluster.displace(`uid-measured-${Math.floor(random.next() * this.placed)}`);
    queue.wake(wakesOn.nodeAdded | wakesOn.podRemoved);
  }
}

function backlogOf({ backlog = 0 }: Shape): V1Pod[] {
  return Array.from({ length: backlog }, (_, at) => {
    const { name, cpu } = unfitting(at);
    return pod(name, cpu);
  });
}

/** Runs one shape. */
export function runShape(shape: Shape): void {
  // A scheduler that has just started is slower for some tenths of a second, until its code is compiled.
  new CoreRun({ ...shape, nodes: 500, existing: 0, pods: 0, backlog: 0 }).warmUp();
  globalThis.gc?.();
  const run = new CoreRun(shape);
  const pods = Array.from({ length: shape.pods }, (_, at) => pod(`measured-${at}`, shape.cpu, shape.spec));
  const backlog = shape.isBacklogMeasured ? backlogOf(shape) : [];
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  for (const each of [...backlog, ...pods]) run.enqueue(each);
  run.drain();
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  print({
    part: 'core',
    shape: shape.name,
    nodes: shape.nodes,
    existing: shape.existing,
    pods: shape.pods,
    ...(shape.backlog === undefined ? {} : { backlog: shape.backlog }),
    placed: run.placed,
    podsPerSecond: Math.round(measuredPods(shape) / seconds),
    decisionMs: {
      p50: +quantile(run.decisionMs, 0.5).toFixed(4),
      p99: +quantile(run.decisionMs, 0.99).toFixed(4),
      max: +Math.max(...run.decisionMs).toFixed(2),
    },
    ...(run.victims === 0 ? {} : { victims: run.victims }),
    cpuSeconds: +((user + system) / 1e6).toFixed(2),
    podsPerCpuSecond: Math.round((measuredPods(shape) * 1e6) / (user + system)),
    memoryMegabytes: Math.round(process.memoryUsage().rss / 2 ** 20),
  });
}

/** CPU time per pod with and without kept records, by turns so that the machine's other work weighs on both alike. */
export function compareRecords(only: string | undefined, rounds = 15): void {
  for (const shape of shapes.filter(({ name }) => only === undefined || name === only)) {
    const micros: Record<'without' | 'with', number[]> = { without: [], with: [] };
    for (let round = 0; round < rounds * 2; round++) {
      const run = new CoreRun(shape, round % 2 === 1);
      const pods = Array.from({ length: shape.pods }, (_, at) => pod(`measured-${at}`, shape.cpu, shape.spec));
      globalThis.gc?.();
      const before = process.cpuUsage();
      for (const each of pods) run.enqueue(each);
      run.drain();
      const { user, system } = process.cpuUsage(before);
      micros[round % 2 === 1 ? 'with' : 'without'].push((user + system) / shape.pods);
    }
    const [without, kept] = [quantile(micros.without, 0.25), quantile(micros.with, 0.25)];
    print({
      part: 'records',
      shape: shape.name,
      cpuMicrosPerPod: { without: +without.toFixed(2), with: +kept.toFixed(2) },
    });
  }
}

/** Every shape, then how the cost of a decision grows with the number of nodes. */
export function runCore(only: string | undefined): void {
  for (const shape of shapes) if (only === undefined || shape.name === only) runShape(shape);
  if (only !== undefined) return;
  for (const nodes of [1000, 5000, 20_000, 100_000]) {
    runShape({ name: `basic, ${nodes} nodes`, nodes, existing: 0, pods: 20_000, spec: {}, nodeCpu: '64' });
  }
}
