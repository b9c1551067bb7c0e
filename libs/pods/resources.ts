import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { amountOf } from '../api/validation/amounts.ts';
import { isSidecar } from './spec.ts';

export type ResourceList = Readonly<Record<string, string>>;

const nanosPerMilli = 1_000_000n;
const nanosPerUnit = 1_000_000_000n;

/** Thousandths of a CPU, rounded up. */
export function milliOf(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  return Number((amountOf(quantity) + nanosPerMilli - 1n) / nanosPerMilli);
}

/** Whole bytes or pieces, rounded up. */
export function unitsOf(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  return Number((amountOf(quantity) + nanosPerUnit - 1n) / nanosPerUnit);
}

/** CPU in millicores and memory in bytes; undefined where nothing is set. */
export interface Amounts {
  cpuMillis: number | undefined;
  memoryBytes: number | undefined;
}

export interface ContainerAmounts {
  requests: Amounts;
  limits: Amounts;
}

function amountsOf(list: ResourceList | undefined): Amounts {
  return {
    cpuMillis: list?.cpu === undefined ? undefined : milliOf(list.cpu),
    memoryBytes: list?.memory === undefined ? undefined : unitsOf(list.memory),
  };
}

export function containerAmounts(container: V1Container): ContainerAmounts {
  return { requests: amountsOf(container.resources?.requests), limits: amountsOf(container.resources?.limits) };
}

type ReadAmount = (container: V1Container) => number | undefined;

/**
 * What a pod needs of one resource at its most: the main containers and sidecars together, or the largest init
 * container beside the sidecars started before it. With `all`, undefined as soon as one container sets nothing.
 * Source: the Kubernetes documentation of sidecar containers, "Resource sharing within containers".
 */
function effective(pod: V1Pod, read: ReadAmount, all: boolean): number | undefined {
  let missing = false;
  const value = (container: V1Container) => {
    const amount = read(container);
    if (amount === undefined || (all && amount === 0)) missing = true;
    return amount ?? 0;
  };
  const mains = (pod.spec?.containers ?? []).reduce((sum, container) => sum + value(container), 0);
  let sidecars = 0;
  let peak = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    const amount = value(container);
    if (isSidecar(container)) sidecars += amount;
    peak = Math.max(peak, isSidecar(container) ? sidecars : sidecars + amount);
  }
  return all && missing ? undefined : Math.max(mains + sidecars, peak);
}

export interface PodAmounts {
  /** Millicores, 0 when nothing asks. */
  cpuRequest: number;
  memoryRequest: number;
  /** undefined when any container is without a limit. */
  cpuLimit: number | undefined;
  memoryLimit: number | undefined;
}

/** The pod's own cgroup: pod-level resources where they are set, else what its containers add up to, plus overhead. */
export function podAmounts(pod: V1Pod): PodAmounts {
  const own = pod.spec?.resources;
  const ownRequests = amountsOf(own?.requests);
  const ownLimits = amountsOf(own?.limits);
  const overhead = amountsOf(pod.spec?.overhead);
  const cpuRequest = ownRequests.cpuMillis ?? effective(pod, (c) => containerAmounts(c).requests.cpuMillis, false) ?? 0;
  const memoryRequest =
    ownRequests.memoryBytes ?? effective(pod, (c) => containerAmounts(c).requests.memoryBytes, false) ?? 0;
  const cpuLimit = ownLimits.cpuMillis ?? effective(pod, (c) => containerAmounts(c).limits.cpuMillis, true);
  const memoryLimit = ownLimits.memoryBytes ?? effective(pod, (c) => containerAmounts(c).limits.memoryBytes, true);
  return {
    cpuRequest: cpuRequest + (overhead.cpuMillis ?? 0),
    memoryRequest: memoryRequest + (overhead.memoryBytes ?? 0),
    cpuLimit: cpuLimit === undefined ? undefined : cpuLimit + (overhead.cpuMillis ?? 0),
    memoryLimit: memoryLimit === undefined ? undefined : memoryLimit + (overhead.memoryBytes ?? 0),
  };
}

const storage = 'ephemeral-storage';

/**
 * Bytes that a pod may have on its node's disk: what its containers' limits add up to, plus overhead. A container without
 * a limit adds nothing to those of the others; undefined when none has one. A limit of 0 is one.
 * Source: kubelet, podEphemeralStorageLimitEviction, and PodLimits of k8s.io/component-helpers/resource.
 */
export function storageLimitOf(pod: V1Pod): number | undefined {
  const limitOf = ({ resources }: V1Container) => resources?.limits?.[storage];
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  if (containers.every((container) => limitOf(container) === undefined)) return undefined;
  const bytes = effective(pod, (container) => unitsOf(limitOf(container)), false) ?? 0;
  return bytes === 0 ? 0 : bytes + unitsOf(pod.spec?.overhead?.[storage]);
}

export const cpuPeriodUs = 100_000;
const cpuQuotaUsMin = 1000;
const sharesPerCpu = 1024;
export const cpuSharesMin = 2;
const cpuSharesMax = 262_144;

/** cgroup v1 CPU shares of a request; the smallest there is when nothing is asked. */
export function sharesOf(millis: number): number {
  if (millis <= 0) return cpuSharesMin;
  return Math.min(cpuSharesMax, Math.max(cpuSharesMin, Math.floor((millis * sharesPerCpu) / 1000)));
}

/** Microseconds of CPU per 100 ms for a limit; 0 without one. */
export function quotaOf(millis: number | undefined): number {
  return millis === undefined || millis === 0 ? 0 : Math.max(cpuQuotaUsMin, Math.floor((millis * cpuPeriodUs) / 1000));
}
