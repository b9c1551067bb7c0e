import { FakeClock } from '../../test/support/fake-clock.ts';
import type { V1Pod, V1PodStatus } from '../api/gen/types.ts';
import { silentLogger } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import type { ContainerNotes, ObservedPod } from '../pods/observed.ts';
import { SimulatedRuntime } from '../runtime/simulated/runtime.ts';
import { registerNodeMetrics } from './metrics.ts';
import { StatusReporter } from './statusreporter.ts';
import { RuntimeView } from './view.ts';

const pod: V1Pod = {
  metadata: { name: 'a', namespace: 'ns', uid: 'u' },
  spec: { containers: [{ name: 'c', image: 'i' }] },
};
const sandbox = { id: 's', attempt: 0, ready: true, createdAtMs: 1, ips: ['10.1.1.1'] };
const ready: ObservedPod = { sandboxes: [sandbox], containers: [] };
const running: ObservedPod = {
  sandboxes: [sandbox],
  containers: [
    {
      ...{ id: 'x', sandboxId: 's', name: 'c', restartCount: 0, hash: '', state: 'running' as const },
      ...{ createdAtMs: 1, startedAtMs: 2, finishedAtMs: 0, exitCode: 0, reason: '', message: '', image: 'i' },
      imageRef: 'i',
    },
  ],
};

function reporter() {
  const clock = new FakeClock();
  const said: V1PodStatus[] = [];
  const link = {
    reportPodStatus: ({ status }: { status: V1PodStatus }) => void said.push(status),
    reportPodGone: () => {},
  };
  const view = new RuntimeView({
    runtime: new SimulatedRuntime({ clock }),
    clock,
    logger: silentLogger,
    readEnd: async () => '',
  });
  const node = { name: 'n', ips: ['192.0.2.1'], cpuMillis: 1000, memoryBytes: 1, podsMax: 1 };
  const metrics = registerNodeMetrics(noMetrics, view, 'n');
  const statuses = new StatusReporter({ link, clock, node, runtimeName: 'containerd', metrics });
  const report = (observed: ObservedPod, notes: ReadonlyMap<string, ContainerNotes> = new Map()) =>
    statuses.report({ pod, observed, notes, waiting: new Map(), ending: false, verdict: undefined });
  return { clock, said, report, stop: () => statuses.stop() };
}

const nothing: ObservedPod = { sandboxes: [], containers: [] };
const failed = new Map([['c', { failure: { reason: 'ErrImagePull', message: 'no such image' } }]]);

describe('a status', () => {
  it('that only tells of a start gives way to the one of the pod running', async () => {
    const { clock, said, report } = reporter();
    report(nothing);
    await clock.advance(200);
    report(ready);
    await clock.advance(200);
    expect(said).toEqual([]);
    report(running);
    expect(said.map(({ phase }) => phase)).toEqual(['Running']);
    await clock.advance(2_000);
    expect(said).toHaveLength(1);
  });

  it('of a start that takes its time is told, the newest one', async () => {
    const { clock, said, report } = reporter();
    report(nothing);
    await clock.advance(600);
    report(ready);
    await clock.advance(600);
    expect(said).toMatchObject([{ phase: 'Pending', podIP: '10.1.1.1' }]);
  });

  it('of a start that fails is told at once', () => {
    const { said, report } = reporter();
    report(nothing);
    report(ready, failed);
    expect(said.map(({ containerStatuses }) => containerStatuses?.[0]?.state?.waiting?.reason)).toEqual([
      'ErrImagePull',
    ]);
  });

  it('is not told any more by an agent that has stopped', async () => {
    const { clock, said, report, stop } = reporter();
    report(nothing);
    stop();
    await clock.advance(2_000);
    expect(said).toEqual([]);
  });
});
