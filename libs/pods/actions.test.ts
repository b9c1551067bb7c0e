import { containerOf, type ObservedBuilder, observed, podOf } from '../../test/support/observed.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { computePodActions } from './actions.ts';
import type { PodPlan } from './plan.ts';
import { backoffKeyOf } from './restart.ts';

const nowMs = 10_000;

/** A plan in few words: `sandbox 0`, `start init i`, `stop c: liveness`, `wait c: CrashLoopBackOff`, `finished`. */
function words(plan: PodPlan): string[] {
  return [
    ...(plan.createSandbox ? [`sandbox ${plan.createSandbox.attempt}`] : []),
    ...plan.stop.map(({ container, cause }) => `stop ${container.name}: ${cause}`),
    ...plan.start.map(({ kind, container, restartCount }) => `start ${kind} ${container.name} ${restartCount}`),
    ...[...plan.waiting].map(([name, { reason }]) => `wait ${name}: ${reason}`),
    ...(plan.finished ? ['finished'] : []),
  ];
}

interface Case {
  name: string;
  pod: V1Pod;
  seen: ObservedBuilder;
  plan: string[];
}

const init = { initContainers: [containerOf('i1'), containerOf('i2')] };
const sidecar = { initContainers: [containerOf('side', { restartPolicy: 'Always' }), containerOf('i2')] };
const key = backoffKeyOf(containerOf('c'));
const backoff = { delayMs: 10_000, atMs: 1500, key };

const cases: Case[] = [
  {
    name: 'a new pod gets a sandbox and its container',
    pod: podOf(),
    seen: observed(),
    plan: ['sandbox 0', 'start main c 0'],
  },
  {
    name: 'a new pod with init containers begins with the first',
    pod: podOf(init),
    seen: observed(),
    plan: ['sandbox 0', 'start init i1 0'],
  },
  {
    name: 'all main containers start at once',
    pod: podOf({ containers: [containerOf('a'), containerOf('b')] }),
    seen: observed().sandbox(),
    plan: ['start main a 0', 'start main b 0'],
  },
  {
    name: 'a sandbox without an address is made anew',
    pod: podOf(),
    seen: observed().sandbox(true, []),
    plan: ['sandbox 1', 'start main c 0'],
  },
  {
    name: 'a sandbox on the network of the node needs no address',
    pod: podOf({ hostNetwork: true }),
    seen: observed().sandbox(true, []),
    plan: ['start main c 0'],
  },
  { name: 'a running pod needs nothing', pod: podOf(), seen: observed().sandbox().running('c'), plan: [] },
  {
    name: 'a created container is started over with the same count',
    pod: podOf(),
    seen: observed().sandbox().created('c'),
    plan: ['start main c 0'],
  },
  {
    name: 'the first end restarts at once',
    pod: podOf(),
    seen: observed().sandbox().exited('c', 1),
    plan: ['start main c 1'],
  },
  {
    name: 'the second end waits',
    pod: podOf(),
    seen: observed().sandbox().exited('c', 1).notes('c', { backoff }),
    plan: ['wait c: CrashLoopBackOff'],
  },
  {
    name: 'another image ends the wait',
    pod: podOf({ containers: [containerOf('c', { image: 'mended' })] }),
    seen: observed().sandbox().exited('c', 1).notes('c', { backoff }),
    plan: ['start main c 1'],
  },
  {
    name: 'other resources end the wait',
    pod: podOf({ containers: [containerOf('c', { resources: { limits: { memory: '1Gi' } } })] }),
    seen: observed().sandbox().exited('c', 1).notes('c', { backoff }),
    plan: ['start main c 1'],
  },
  {
    name: 'the wait ends',
    pod: podOf(),
    seen: observed()
      .sandbox()
      .exited('c', 1, -100)
      .notes('c', { backoff: { delayMs: 10_000, atMs: -200, key } }),
    plan: ['start main c 1'],
  },
  {
    name: 'OnFailure restarts a failure',
    pod: podOf({ restartPolicy: 'OnFailure' }),
    seen: observed().sandbox().exited('c', 1),
    plan: ['start main c 1'],
  },
  {
    name: 'OnFailure leaves a success',
    pod: podOf({ restartPolicy: 'OnFailure' }),
    seen: observed().sandbox().exited('c', 0),
    plan: ['finished'],
  },
  {
    name: 'Never leaves a failure',
    pod: podOf({ restartPolicy: 'Never' }),
    seen: observed().sandbox().exited('c', 1),
    plan: ['finished'],
  },
  {
    name: 'Never keeps what still runs',
    pod: podOf({ restartPolicy: 'Never', containers: [containerOf('a'), containerOf('b')] }),
    seen: observed().sandbox().exited('a', 1).running('b'),
    plan: [],
  },
  {
    name: 'a dead sandbox is replaced and its containers restarted',
    pod: podOf(),
    seen: observed().sandbox(false).exited('c', 137),
    plan: ['sandbox 1', 'start main c 1'],
  },
  {
    name: 'a dead sandbox ends a pod that never restarts',
    pod: podOf({ restartPolicy: 'Never' }),
    seen: observed().sandbox(false).exited('c', 137),
    plan: ['finished'],
  },
  {
    name: 'a dead sandbox of a pod that succeeded is left',
    pod: podOf({ restartPolicy: 'OnFailure' }),
    seen: observed().sandbox(false).exited('c', 0),
    plan: ['finished'],
  },
  {
    name: 'the second init container follows the first',
    pod: podOf(init),
    seen: observed().sandbox().exited('i1', 0),
    plan: ['start init i2 0'],
  },
  {
    name: 'main containers wait for a running init container',
    pod: podOf(init),
    seen: observed().sandbox().running('i1'),
    plan: [],
  },
  {
    name: 'main containers follow the last init container',
    pod: podOf(init),
    seen: observed().sandbox().exited('i1', 0).exited('i2', 0),
    plan: ['start main c 0'],
  },
  {
    name: 'a failed init container runs again',
    pod: podOf(init),
    seen: observed().sandbox().exited('i1', 1),
    plan: ['start init i1 1'],
  },
  {
    name: 'an init container that was stopped for a resize runs again, though it ended well',
    pod: podOf({ ...init, restartPolicy: 'OnFailure' }),
    seen: observed().sandbox().exited('i1', 0).notes('i1', { replacedId: 'i10' }),
    plan: ['start init i1 1'],
  },
  {
    name: 'an init container that runs again after a resize is done when it ends',
    pod: podOf(init),
    seen: observed().sandbox().exited('i1', 143).exited('i1', 0).notes('i1', { replacedId: 'i10' }),
    plan: ['start init i2 0'],
  },
  {
    name: 'an init container goes on with the image that it began with',
    pod: podOf({ initContainers: [containerOf('i1', { image: 'other' })] }),
    seen: observed().sandbox().running('i1'),
    plan: [],
  },
  {
    name: 'a failed init container ends a pod that never restarts',
    pod: podOf({ ...init, restartPolicy: 'Never' }),
    seen: observed().sandbox().exited('i1', 1),
    plan: ['finished'],
  },
  {
    name: 'init containers are not run again beside main ones',
    pod: podOf(init),
    seen: observed().sandbox().running('c'),
    plan: [],
  },
  {
    name: 'a later init container proves the earlier',
    pod: podOf(init),
    seen: observed().sandbox().exited('i2', 0),
    plan: ['start main c 0'],
  },
  {
    name: 'a new sandbox runs init containers anew',
    pod: podOf(init),
    seen: observed().sandbox(false).exited('i1', 0).exited('i2', 0).exited('c', 1).sandbox(),
    plan: ['start init i1 1'],
  },
  {
    name: 'a sidecar that has not started holds up the next',
    pod: podOf(sidecar),
    seen: observed()
      .sandbox()
      .running('side')
      .notes('side', { health: { id: 'side0', started: false, ready: false } }),
    plan: [],
  },
  {
    name: 'a started sidecar lets the next begin',
    pod: podOf(sidecar),
    seen: observed().sandbox().running('side'),
    plan: ['start init i2 0'],
  },
  {
    name: 'a sidecar that ended runs again beside the main container',
    pod: podOf({ ...sidecar, restartPolicy: 'Never' }),
    seen: observed().sandbox().exited('side', 0).exited('i2', 0).running('c'),
    plan: ['start init side 1'],
  },
  {
    name: 'a sidecar does not keep a finished pod',
    pod: podOf({ ...sidecar, restartPolicy: 'Never' }),
    seen: observed().sandbox().running('side').exited('i2', 0).exited('c', 0),
    plan: ['finished'],
  },
  {
    name: 'a failed liveness probe stops the container',
    pod: podOf(),
    seen: observed()
      .sandbox()
      .running('c')
      .notes('c', { health: { id: 'c0', started: true, ready: true, failed: 'liveness' } }),
    plan: ['stop c: liveness'],
  },
  {
    name: 'a verdict on an older run does not count',
    pod: podOf(),
    seen: observed()
      .sandbox()
      .running('c')
      .notes('c', { health: { id: 'old', started: true, ready: true, failed: 'liveness' } }),
    plan: [],
  },
  {
    name: 'a changed image replaces the container',
    pod: podOf(),
    seen: observed().sandbox().running('c', { hash: 'other' }),
    plan: ['stop c: changed'],
  },
  {
    name: 'a container in an unknown state is stopped first',
    pod: podOf(),
    seen: observed().sandbox().running('c', { state: 'unknown' }),
    plan: ['stop c: unknown'],
  },
  {
    name: 'a failed start waits for its time',
    pod: podOf(),
    seen: observed()
      .sandbox()
      .notes('c', { failure: { reason: 'ErrImagePull', message: '', retryAtMs: nowMs + 1 } }),
    plan: [],
  },
  {
    name: 'and is tried again then',
    pod: podOf(),
    seen: observed()
      .sandbox()
      .notes('c', { failure: { reason: 'ErrImagePull', message: '', retryAtMs: nowMs } }),
    plan: ['start main c 0'],
  },
  {
    name: 'an ephemeral container starts once',
    pod: podOf({ ephemeralContainers: [{ name: 'e', image: 'image' }] }),
    seen: observed().sandbox().running('c'),
    plan: ['start ephemeral e 0'],
  },
  {
    name: 'and never again',
    pod: podOf({ ephemeralContainers: [{ name: 'e', image: 'image' }] }),
    seen: observed().sandbox().running('c').exited('e', 0),
    plan: [],
  },
  {
    name: 'a rule of the container restarts one exit code',
    pod: podOf({
      restartPolicy: 'Never',
      containers: [
        containerOf('c', {
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        }),
      ],
    }),
    seen: observed().sandbox().exited('c', 42),
    plan: ['start main c 1'],
  },
];

describe('computePodActions', () => {
  it.each(cases)('$name', ({ pod, seen, plan }) => {
    const view = { pod, observed: seen.observed, notes: seen.remembered, nowMs };
    expect(words(computePodActions(view))).toEqual(plan);
  });

  it('says how long a crashed container waits, and when to look again', () => {
    const seen = observed()
      .sandbox()
      .exited('c', 1)
      .notes('c', { backoff: { delayMs: 160_000, atMs: 1500, key } });
    const plan = computePodActions({ pod: podOf(), observed: seen.observed, notes: seen.remembered, nowMs });
    const message = 'back-off 2m40s restarting failed container=c pod=p_ns(u)';
    expect(plan.waiting.get('c')).toEqual({ reason: 'CrashLoopBackOff', message });
    expect(plan.wakeAtMs).toBe(162_000);
  });

  it('is deterministic', () => {
    const seen = observed().sandbox().exited('c', 1);
    const view = { pod: podOf(), observed: seen.observed, notes: seen.remembered, nowMs };
    expect(computePodActions(view)).toEqual(computePodActions(view));
  });
});
