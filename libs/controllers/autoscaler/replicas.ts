import type { V1Pod } from '../../api/gen/types.ts';
import { podCondition } from '../../reconcile/pods.ts';

/** CPU of a pod that started less long ago counts only once it has been ready for a whole sample. */
export const cpuInitializationMs = 300_000;
/** A pod that has not been ready within this time after its start was never ready. */
export const initialReadinessMs = 30_000;

/** One sample of one pod: millicores, or bytes times 1000. */
export interface Sample {
  value: number;
  timestampMs: number;
  windowMs: number;
}

export interface MetricInput {
  metric: 'cpu' | 'memory' | string;
  pods: readonly V1Pod[];
  samples: ReadonlyMap<string, Sample>;
  currentReplicas: number;
  tolerance: { up: number; down: number };
  nowMs: number;
}

/** What is wanted: a percentage of the requests, or a value for each pod. */
export type Goal =
  | { type: 'Utilization'; percent: number; requestOf: (pod: V1Pod) => number }
  | { type: 'AverageValue'; value: number };

export interface Proposal {
  replicas: number;
  /** The mean of the pods that counted. */
  averageValue: number;
  averageUtilization?: number;
}

interface Grouped {
  counted: Map<string, number>;
  readyPods: number;
  unready: string[];
  missing: string[];
}

const nameOf = (pod: V1Pod) => pod.metadata?.name ?? '';

/** Sorts pods by whether their samples may count. */
function group({ metric, pods, samples, nowMs }: MetricInput): Grouped {
  const grouped: Grouped = { counted: new Map(), readyPods: 0, unready: [], missing: [] };
  for (const pod of pods) {
    if (pod.metadata?.deletionTimestamp || pod.status?.phase === 'Failed') continue;
    const sample = samples.get(nameOf(pod));
    if (pod.status?.phase === 'Pending') grouped.unready.push(nameOf(pod));
    else if (!sample) grouped.missing.push(nameOf(pod));
    else if (metric === 'cpu' && isStarting(pod, sample, nowMs)) grouped.unready.push(nameOf(pod));
    else {
      grouped.counted.set(nameOf(pod), sample.value);
      grouped.readyPods += 1;
    }
  }
  return grouped;
}

/** Whether the CPU that the pod uses is still that of its start. */
function isStarting(pod: V1Pod, sample: Sample, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready');
  const startMs = Date.parse(pod.status?.startTime ?? '');
  const changedMs = Date.parse(ready?.lastTransitionTime ?? '');
  if (!ready || Number.isNaN(startMs)) return true;
  if (startMs + cpuInitializationMs > nowMs) {
    return ready.status === 'False' || sample.timestampMs < changedMs + sample.windowMs;
  }
  return ready.status === 'False' && startMs + initialReadinessMs > changedMs;
}

const total = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);

/** The usage of `values` in relation to the goal; 1 is exactly the goal. */
function ratioOf(goal: Goal, values: ReadonlyMap<string, number>, byName: ReadonlyMap<string, V1Pod>) {
  const used = total(values.values());
  const averageValue = used / values.size;
  if (goal.type === 'AverageValue') return { ratio: averageValue / goal.value, averageValue };
  const requested = total([...values.keys()].map((name) => requestOf(goal, byName.get(name))));
  if (requested === 0) throw new Error('the pods request nothing');
  const averageUtilization = Math.trunc((used * 100) / requested);
  return { ratio: averageUtilization / goal.percent, averageValue, averageUtilization };
}

const requestOf = (goal: Goal, pod: V1Pod | undefined) =>
  goal.type === 'Utilization' && pod ? goal.requestOf(pod) : 0;

/**
 * How many replicas one metric asks for. Pods without a sample count as idle when it would scale up and as fully used
 * when it would scale down, so that what is not known never makes the change larger.
 * @throws Error that says which pods or requests are missing.
 */
export function proposeReplicas(input: MetricInput, goal: Goal): Proposal {
  const byName = new Map(input.pods.map((pod) => [nameOf(pod), pod]));
  const { counted, readyPods, unready, missing } = group(input);
  if (goal.type === 'Utilization') for (const pod of input.pods) goal.requestOf(pod);
  if (counted.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const { ratio, ...seen } = ratioOf(goal, counted, byName);
  const within = (value: number) => value >= 1 - input.tolerance.down && value <= 1 + input.tolerance.up;
  const keep = { replicas: input.currentReplicas, ...seen };
  const upWithUnready = unready.length > 0 && ratio > 1;
  if (!upWithUnready && missing.length === 0) {
    return within(ratio) ? keep : { ...seen, replicas: Math.ceil(ratio * readyPods) };
  }
  const full = (name: string) => (goal.type === 'AverageValue' ? goal.value : fullOf(goal, byName.get(name)));
  if (ratio < 1) for (const name of missing) counted.set(name, full(name));
  else if (ratio > 1) for (const name of missing) counted.set(name, 0);
  if (upWithUnready) for (const name of unready) counted.set(name, 0);
  const careful = ratioOf(goal, counted, byName).ratio;
  const turned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (within(careful) || turned) return keep;
  const replicas = Math.ceil(careful * counted.size);
  const against =
    (careful < 1 && replicas > input.currentReplicas) || (careful > 1 && replicas < input.currentReplicas);
  return against ? keep : { ...seen, replicas };
}

function fullOf(goal: Goal, pod: V1Pod | undefined): number {
  const percent = goal.type === 'Utilization' ? Math.max(100, goal.percent) : 100;
  return (requestOf(goal, pod) * percent) / 100;
}
