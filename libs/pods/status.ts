import type { V1ContainerStatus, V1Pod, V1PodStatus } from '../api/gen/types.ts';
import { rfc3339 } from '../base/clock.ts';
import { podConditions } from './conditions.ts';
import { containerStatus, type StatusSource } from './containerstatus.ts';
import { currentSandbox } from './observed.ts';
import { phaseOf } from './phase.ts';
import { qosClassOf } from './qos.ts';
import { resizeUnderWay } from './resize.ts';
import { type ContainerKind, containersOf, isTerminal } from './spec.ts';

export interface StatusInput extends StatusSource {
  /** The status last reported, or the API's when this agent has reported none yet. */
  previous: V1PodStatus | undefined;
  nodeIps: readonly string[];
  nowMs: number;
  /** The agent has decided that the pod fails, e.g. DeadlineExceeded. */
  verdict?: { reason: string; message: string; rejected?: boolean };
}

function statusesOf(
  input: StatusInput,
  kind: ContainerKind,
  old: V1ContainerStatus[] | undefined,
): V1ContainerStatus[] {
  const statuses = containersOf(input.pod)
    .filter((entry) => entry.kind === kind)
    .map(({ container }) =>
      containerStatus(
        input,
        kind,
        container,
        old?.find(({ name }) => name === container.name),
      ),
    );
  return kind === 'init' ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function addresses(input: StatusInput, pod: V1Pod, previous: V1PodStatus | undefined): Partial<V1PodStatus> {
  const hostIPs = input.nodeIps.map((ip) => ({ ip }));
  const host = { hostIP: input.nodeIps[0], hostIPs };
  if (pod.spec?.hostNetwork) return { ...host, podIP: input.nodeIps[0], podIPs: hostIPs };
  const sandbox = currentSandbox(input.observed);
  const ips = sandbox ? sandbox.ips.map((ip) => ({ ip })) : (previous?.podIPs ?? []);
  return ips.length > 0 ? { ...host, podIP: ips[0]?.ip, podIPs: ips } : host;
}

function initializedOf(statuses: V1ContainerStatus[]): boolean {
  return statuses.some(({ state, lastState }) => state?.running || state?.terminated || lastState?.terminated);
}

/**
 * The node has not taken the pod: nothing is said of containers that were never to be. Of one that an earlier agent has
 * rejected its status tells.
 */
function isRejected({ verdict, pod, observed }: StatusInput): boolean {
  if (verdict) return verdict.rejected === true;
  return isTerminal(pod.status?.phase) && !pod.status?.containerStatuses && observed.sandboxes.length === 0;
}

function rejectedStatus({ pod, previous, verdict, nowMs }: StatusInput): V1PodStatus {
  const { reason, message } = verdict ?? pod.status ?? {};
  return {
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase: verdict ? 'Failed' : pod.status?.phase,
    ...(pod.status?.conditions ? { conditions: pod.status.conditions } : {}),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    startTime: previous?.startTime ?? rfc3339(nowMs),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
  };
}

/** The status of a pod as the API shows it, a function of its input alone. Terminal phases are never left. */
export function computePodStatus(input: StatusInput): V1PodStatus {
  if (isRejected(input)) return rejectedStatus(input);
  const { pod, previous } = input;
  const main = statusesOf(input, 'main', previous?.containerStatuses);
  const init = statusesOf(input, 'init', previous?.initContainerStatuses);
  const ephemeral = statusesOf(input, 'ephemeral', previous?.ephemeralContainerStatuses);
  const statuses = new Map([...init, ...main].map((status) => [status.name, status]));
  const facts = { ending: input.ending, initialized: initializedOf(main) };
  let phase = phaseOf(pod, (name) => statuses.get(name), facts);
  let { reason, message } = phase === previous?.phase ? previous : { reason: undefined, message: undefined };
  if (input.verdict) {
    phase = 'Failed';
    ({ reason, message } = input.verdict);
  }
  const settled = [pod.status?.phase, previous?.phase].find(isTerminal);
  if (settled) {
    phase = settled === 'Succeeded' ? 'Succeeded' : 'Failed';
    reason = previous?.reason ?? reason;
    message = previous?.message ?? message;
  }
  const sandbox = currentSandbox(input.observed);
  const sandboxReady = sandbox !== undefined && (Boolean(pod.spec?.hostNetwork) || sandbox.ips.length > 0);
  const generation = pod.metadata?.generation;
  const resizing = !input.ending && resizeUnderWay(pod, input.observed, input.notes);
  const resizeRefusal = input.ending ? undefined : input.resizeRefusal;
  const eviction = input.verdict?.reason === 'Evicted' ? input.verdict.message : undefined;
  const { nowMs } = input;
  const conditionFacts = { pod, phase, statuses, sandboxReady, resizing, resizeRefusal, eviction, nowMs };
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: podConditions(conditionFacts, previous?.conditions ?? []),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    ...addresses(input, pod, previous),
    startTime: previous?.startTime ?? rfc3339(input.nowMs),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    ...(pod.status?.nominatedNodeName ? { nominatedNodeName: pod.status.nominatedNodeName } : {}),
  };
}
