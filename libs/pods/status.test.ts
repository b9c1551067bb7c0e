import { containerOf, type ObservedBuilder, observed, podOf } from '../../test/support/observed.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { computePodStatus, type StatusInput } from './status.ts';

const nowMs = Date.UTC(2026, 0, 1);

function statusFor(pod: V1Pod, seen: ObservedBuilder, more: Partial<StatusInput> = {}) {
  return computePodStatus({
    pod,
    observed: seen.observed,
    notes: seen.remembered,
    waiting: new Map(),
    runtimeName: 'containerd',
    ending: false,
    previous: undefined,
    nodeIps: ['192.168.0.1'],
    nowMs,
    ...more,
  });
}

const init = { initContainers: [containerOf('i')] };
const never = { restartPolicy: 'Never' };
const waiting = { reason: 'CrashLoopBackOff', message: 'back-off' };

interface PhaseCase {
  name: string;
  pod: V1Pod;
  seen: ObservedBuilder;
  more?: Partial<StatusInput>;
  phase: string;
}

const phases: PhaseCase[] = [
  { name: 'nothing yet', pod: podOf(), seen: observed(), phase: 'Pending' },
  { name: 'container running', pod: podOf(), seen: observed().sandbox().running('c'), phase: 'Running' },
  {
    name: 'one of two not started',
    pod: podOf({ containers: [containerOf('a'), containerOf('b')] }),
    seen: observed().sandbox().running('a'),
    phase: 'Pending',
  },
  { name: 'init container running', pod: podOf(init), seen: observed().sandbox().running('i'), phase: 'Pending' },
  {
    name: 'init container failed, never again',
    pod: podOf({ ...init, ...never }),
    seen: observed().sandbox().exited('i', 1),
    phase: 'Failed',
  },
  {
    name: 'init container failed, again',
    pod: podOf(init),
    seen: observed().sandbox().exited('i', 1),
    phase: 'Pending',
  },
  {
    name: 'crash looping',
    pod: podOf(),
    seen: observed().sandbox().exited('c', 1),
    more: { waiting: new Map([['c', waiting]]) },
    phase: 'Running',
  },
  { name: 'succeeded', pod: podOf(never), seen: observed().sandbox().exited('c', 0), phase: 'Succeeded' },
  { name: 'failed', pod: podOf(never), seen: observed().sandbox().exited('c', 1), phase: 'Failed' },
  {
    name: 'ended by deletion',
    pod: podOf(),
    seen: observed().sandbox(false).exited('c', 137),
    more: { ending: true },
    phase: 'Failed',
  },
  {
    name: 'ended well by deletion',
    pod: podOf(),
    seen: observed().sandbox(false).exited('c', 0),
    more: { ending: true },
    phase: 'Succeeded',
  },
  {
    name: 'a terminal phase stays',
    pod: { ...podOf(), status: { phase: 'Failed', reason: 'Evicted' } },
    seen: observed().sandbox().running('c'),
    phase: 'Failed',
  },
  {
    name: 'the verdict of the node',
    pod: podOf(),
    seen: observed().sandbox().running('c'),
    more: { verdict: { reason: 'DeadlineExceeded', message: 'late' } },
    phase: 'Failed',
  },
];

function conditionsOf(status: ReturnType<typeof statusFor>): Record<string, string> {
  return Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ? `${value} ${reason}` : value]),
  );
}

describe('computePodStatus', () => {
  it.each(phases)('phase: $name', ({ pod, seen, more, phase }) => {
    expect(statusFor(pod, seen, more).phase).toBe(phase);
  });

  it('is all true for a ready pod', () => {
    const status = statusFor(podOf(), observed().sandbox().running('c'));
    expect(conditionsOf(status)).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
    expect(status).toMatchObject({
      podIP: '10.0.0.1',
      hostIP: '192.168.0.1',
      observedGeneration: 1,
      qosClass: 'BestEffort',
    });
    expect(status.containerStatuses?.[0]).toMatchObject({
      ready: true,
      started: true,
      containerID: 'containerd://c0',
      imageID: 'image@sha256:0',
    });
  });

  it('names what is not ready', () => {
    const pod = podOf({ ...init, containers: [containerOf('a'), containerOf('b')] });
    const status = statusFor(pod, observed().sandbox().running('i'));
    expect(conditionsOf(status)).toMatchObject({
      Initialized: 'False ContainersNotInitialized',
      Ready: 'False ContainersNotReady',
    });
    const messages = (status.conditions ?? []).map(({ message }) => message);
    expect(messages).toContain('containers with incomplete status: [i]');
    expect(messages).toContain('containers with unready status: [a b]');
  });

  it('waits for readiness gates and keeps the conditions of others', () => {
    const other = { type: 'example.com/gate', status: 'False' };
    const pod = { ...podOf({ readinessGates: [{ conditionType: other.type }] }), status: { conditions: [other] } };
    const status = statusFor(pod, observed().sandbox().running('c'));
    expect(status.conditions).toContainEqual(other);
    expect(conditionsOf(status)).toMatchObject({ Ready: 'False ReadinessGatesNotReady', ContainersReady: 'True' });
  });

  it('keeps the time of a condition that has not changed', () => {
    const first = statusFor(podOf(), observed().sandbox().running('c'));
    const second = statusFor(podOf(), observed().sandbox().running('c'), { previous: first, nowMs: nowMs + 60_000 });
    expect(second).toEqual(first);
  });

  it('shows a crashed container as waiting, with its end', () => {
    const seen = observed()
      .sandbox()
      .exited('c', 3)
      .notes('c', { backoff: { delayMs: 10_000, atMs: 0, key: '' } });
    const status = statusFor(podOf(), seen, { waiting: new Map([['c', waiting]]) });
    expect(status.containerStatuses?.[0]).toMatchObject({
      state: { waiting },
      lastState: { terminated: { exitCode: 3, reason: 'Error', containerID: 'containerd://c0' } },
      ready: false,
      started: false,
    });
  });

  it('shows the last end of a container that runs again', () => {
    const status = statusFor(podOf(), observed().sandbox().exited('c', 3).running('c'));
    expect(status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 3 } },
    });
  });

  it('says nothing of containers that the node never took, also after a new start of the agent', () => {
    const verdict = { reason: 'OutOfcpu', message: 'no room', rejected: true };
    const scheduled = { type: 'PodScheduled', status: 'True' };
    const pod = { ...podOf(), status: { phase: 'Pending', conditions: [scheduled] } };
    const status = statusFor(pod, observed(), { verdict });
    expect(status).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu', message: 'no room', conditions: [scheduled] });
    expect(status).not.toHaveProperty('containerStatuses');
    const again = statusFor({ ...pod, status }, observed(), { previous: status, nowMs: nowMs + 60_000 });
    expect(again).toEqual(status);
  });

  it('is not running while its start hook runs', () => {
    const health = { id: 'c0', started: false, ready: false, starting: true };
    const status = statusFor(podOf(), observed().sandbox().running('c').notes('c', { health }));
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
  });

  it('has PodInitializing behind init containers', () => {
    const status = statusFor(podOf(init), observed().sandbox().running('i'));
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    expect(status.initContainerStatuses?.[0]).toMatchObject({ state: { running: {} }, ready: false });
  });
});
