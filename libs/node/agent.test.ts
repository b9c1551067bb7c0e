import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FakeLink } from '../../test/support/fake-link.ts';
import type { V1ConfigMap, V1Container, V1Pod, V1PodSpec } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import { type RuntimeStep, type SimulatedOptions, SimulatedRuntime } from '../runtime/simulated/runtime.ts';
import { type NodeAgent, startNodeAgent } from './agent.ts';
import { MemoryCgroups } from './cgroups/memory.ts';

const stepMs = 250;
const stepsMax = 400;

function podOf(name: string, spec: Partial<V1PodSpec> = {}, container: Partial<V1Container> = {}): V1Pod {
  return {
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, generation: 1 },
    spec: {
      containers: [{ name: 'c', image: 'example.com/app:1', ...container }],
      terminationGracePeriodSeconds: 1,
      ...spec,
    },
  };
}

/** A node whose runtime is simulated, in a directory and a time of its own. */
class TestNode {
  readonly clock = new FakeClock();
  readonly link = new FakeLink();
  readonly cgroups = new MemoryCgroups();
  readonly directory = mkdtempSync(join(tmpdir(), 'berth-node-'));
  readonly pods = this.link.mirror<V1Pod>('pods');
  readonly configMaps = this.link.mirror<V1ConfigMap>('configmaps');
  runtime: SimulatedRuntime;
  agent: NodeAgent | undefined;

  constructor(options: Partial<SimulatedOptions> = {}) {
    this.runtime = new SimulatedRuntime({ clock: this.clock, ...options });
  }

  async start(link = this.link): Promise<void> {
    this.agent = await startNodeAgent({
      link,
      runtime: this.runtime,
      clock: this.clock,
      random: seededRandom(1),
      paths: { pods: this.path('pods'), memory: this.path('memory'), logs: this.path('logs') },
      cgroups: { parent: '/n1', tree: this.cgroups },
      node: { name: 'n1', ips: ['192.168.0.1'], cpuMillis: 2000, memoryBytes: 2 ** 30, podsMax: 10 },
      dns: { servers: ['10.96.0.10'], domain: 'cluster.local', resolvConf: '/dev/null' },
    });
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** Lets time pass until the condition holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let step = 0; step < stepsMax; step++) {
      if (await condition()) return;
      await sleep(systemClock, 1);
      await this.clock.advance(step % 4 === 0 ? stepMs : 0);
    }
    throw new Error(`never came true: ${what}`);
  }

  status(name: string) {
    return this.link.statuses.get(`uid-${name}`);
  }

  container(name: string) {
    return this.status(name)?.containerStatuses?.[0];
  }

  running(name: string): Promise<void> {
    return this.until(
      `${name} runs`,
      () => this.status(name)?.phase === 'Running' && this.container(name)?.state?.running !== undefined,
    );
  }

  delete(name: string): void {
    const pod = this.pods.get(`ns/${name}`);
    const deletionTimestamp = new Date(this.clock.now()).toISOString();
    if (pod) this.pods.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 1 } });
  }

  /** Nothing of any pod is left on the node. */
  async clean(): Promise<boolean> {
    const files = ['pods', 'memory', 'logs'].flatMap((directory) => readdirSync(this.path(directory)));
    const groups = [...this.cgroups.groups.keys()].filter((path) => path.includes('/pod'));
    const runs = [...(await this.runtime.listSandboxes()), ...(await this.runtime.listContainers())];
    return files.length + groups.length + runs.length === 0;
  }

  async stop(): Promise<void> {
    await this.agent?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

describe('a node', () => {
  let node: TestNode;
  const begin = async (options: Partial<SimulatedOptions> = {}) => {
    node = new TestNode(options);
    await node.start();
    return node;
  };
  afterEach(() => node.stop());

  it('runs a pod, and leaves nothing when it goes', async () => {
    await begin();
    node.pods.set(podOf('a'));
    await node.running('a');
    expect([...node.cgroups.groups.keys()]).toContain('/n1/kubepods/besteffort/poduid-a');
    node.delete('a');
    await node.until('it is gone', () => node.link.gone.includes('uid-a'));
    await node.until('nothing is left', () => node.clean());
  });

  const steps: RuntimeStep[] = [
    'imageStatus',
    'runSandbox',
    'sandboxStatus',
    'createContainer',
    'startContainer',
    'containerStatus',
  ];
  it.each(steps)('gets a pod to run though %s fails twice', async (step) => {
    let failures = 2;
    await begin({
      fault: (now) => {
        if (now === step && failures-- > 0) throw new Error(`no ${step} today`);
      },
    });
    node.pods.set(podOf('a'));
    await node.running('a');
    node.delete('a');
    await node.until('nothing is left', () => node.clean());
  });

  const endings: RuntimeStep[] = ['stopContainer', 'stopSandbox', 'containerStatus'];
  it.each(endings)('gets rid of a pod though %s fails twice', async (step) => {
    let failures = 0;
    await begin({
      fault: (now) => {
        if (now === step && failures-- > 0) throw new Error(`no ${step} today`);
      },
    });
    node.pods.set(podOf('a'));
    await node.running('a');
    failures = 2;
    node.delete('a');
    await node.until('it is gone', () => node.link.gone.includes('uid-a'));
    await node.until('nothing is left', () => node.clean());
  });

  it('waits longer each time a container crashes', async () => {
    await begin({ run: () => ({ afterMs: 10, exitCode: 1 }) });
    node.pods.set(podOf('a'));
    await node.until('it is held back', () => node.container('a')?.state?.waiting?.reason === 'CrashLoopBackOff');
    expect(node.container('a')).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
    await node.until(
      'the second wait',
      () => node.container('a')?.state?.waiting?.message?.startsWith('back-off 20s') ?? false,
    );
    expect(node.container('a')?.restartCount).toBe(2);
  });

  it('tells of a missing image and waits before it asks again', async () => {
    await begin({
      images: [],
      fault: (step) => {
        if (step === 'pullImage') throw new Error('no such image');
      },
    });
    node.pods.set(podOf('a'));
    await node.until('ErrImagePull', () => node.container('a')?.state?.waiting?.reason === 'ErrImagePull');
    await node.until('ImagePullBackOff', () => node.container('a')?.state?.waiting?.reason === 'ImagePullBackOff');
  });

  it('starts a container as soon as what it refers to exists', async () => {
    await begin();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }];
    node.pods.set(podOf('a', {}, { env }));
    await node.until(
      'it says what is missing',
      () => node.container('a')?.state?.waiting?.message === 'configmap "m" not found',
    );
    node.configMaps.set({ metadata: { namespace: 'ns', name: 'm' }, data: { k: 'v' } });
    await node.running('a');
  });

  it('rewrites the files of a volume when its object changes', async () => {
    await begin();
    const map = (text: string) => ({ metadata: { namespace: 'ns', name: 'm' }, data: { k: text } });
    node.configMaps.set(map('one'));
    node.pods.set(podOf('a', { volumes: [{ name: 'v', configMap: { name: 'm' } }] }));
    await node.running('a');
    const file = node.path('pods', 'uid-a', 'volumes', 'configMap', 'v', 'k');
    expect(readFileSync(file, 'utf8')).toBe('one');
    node.configMaps.set(map('two'));
    await node.until('the file changes', () => readFileSync(file, 'utf8') === 'two');
  });

  it('restarts a container whose liveness probe fails, and keeps one unready until it is ready', async () => {
    let healthy = false;
    await begin({
      exec: (_, command) => (command[0] === 'ready' && !healthy ? 1 : command[0] === 'live' && healthy ? 1 : 0),
    });
    const probe = (command: string) => ({ exec: { command: [command] }, periodSeconds: 1, failureThreshold: 2 });
    node.pods.set(podOf('a', {}, { readinessProbe: probe('ready'), livenessProbe: probe('live') }));
    await node.running('a');
    await node.clock.advance(3000);
    expect(node.container('a')?.ready).toBe(false);
    healthy = true;
    await node.until('it is restarted', () => node.container('a')?.restartCount === 1);
    const message = 'Container c failed liveness probe, will be restarted';
    expect(node.link.events).toContainEqual(expect.objectContaining({ reason: 'Killing', message }));
  });

  it('refuses what does not fit', async () => {
    await begin();
    node.pods.set(podOf('a', {}, { resources: { requests: { cpu: '3' } } }));
    await node.until('it is refused', () => node.status('a')?.phase === 'Failed');
    expect(node.status('a')).toMatchObject({ reason: 'OutOfcpu' });
  });

  it('adopts what runs, restarts nothing, and removes what was deleted meanwhile', async () => {
    await begin();
    node.pods.set(podOf('keep'));
    node.pods.set(podOf('drop'));
    await node.running('keep');
    await node.running('drop');
    const id = node.container('keep')?.containerID;
    await node.agent?.stop();
    const next = new FakeLink();
    const kept = node.pods.get('ns/keep');
    if (kept) next.mirror<V1Pod>('pods').set(kept);
    await node.start(next);
    await node.until('only the kept pod is left', async () => (await node.runtime.listSandboxes()).length === 1);
    const status = next.statuses.get('uid-keep')?.containerStatuses?.[0];
    expect(status).toMatchObject({ containerID: id, restartCount: 0, ready: true });
  });

  it('refuses kernel settings that are not safe', async () => {
    await begin();
    node.pods.set(podOf('a', { securityContext: { sysctls: [{ name: 'kernel/msgmax', value: '1' }] } }));
    await node.until('it is refused', () => node.status('a')?.phase === 'Failed');
    expect(node.status('a')).toMatchObject({ reason: 'SysctlForbidden' });
  });

  it('gives a running container other limits as it runs, or by a restart where it wants one', async () => {
    await begin();
    const resources = (cpu: string) => ({
      resources: { limits: { cpu, memory: '64Mi' }, requests: { cpu, memory: '64Mi' } },
    });
    const pod = podOf('a', {}, resources('100m'));
    node.pods.set(pod);
    await node.running('a');
    const resized = (generation: number, container: Partial<V1Container>) => ({
      ...podOf('a', {}, container),
      metadata: { ...pod.metadata, generation },
    });
    node.pods.set(resized(2, resources('200m')));
    await node.until('it has more', () => node.container('a')?.resources?.limits?.cpu === '200m');
    expect(node.status('a')?.conditions?.some(({ type }) => type === 'PodResizeInProgress')).toBe(false);
    expect(node.cgroups.groups.get('/n1/kubepods/poduid-a')).toMatchObject({ cpuQuotaUs: 20_000 });
    expect(node.container('a')?.restartCount).toBe(0);
    const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
    node.pods.set(resized(3, { ...resources('300m'), resizePolicy }));
    await node.until('it was restarted', () => node.container('a')?.restartCount === 1);
    await node.running('a');
    expect(node.container('a')?.resources?.limits?.cpu).toBe('300m');
  });

  it('gives a running pod more once there is room for it, and never more than the node has', async () => {
    await begin();
    const asks = (name: string, cpu: string) => ({
      ...podOf(name, {}, { resources: { requests: { cpu } } }),
      status: node.status(name),
    });
    const pending = () => node.status('a')?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason;
    for (const name of ['a', 'b']) node.pods.set(asks(name, '900m'));
    for (const name of ['a', 'b']) await node.running(name);
    node.pods.set(asks('a', '3'));
    await node.until('it never can', () => pending() === 'Infeasible');
    node.pods.set(asks('a', '1500m'));
    await node.until('it waits', () => pending() === 'Deferred');
    expect(node.container('a')).toMatchObject({ allocatedResources: { cpu: '900m' }, restartCount: 0 });
    expect(node.container('a')?.resources).toEqual({ requests: { cpu: '900m' } });
    node.pods.remove('ns/b');
    await node.until('it has more', () => node.container('a')?.resources?.requests?.cpu === '1500m');
    await node.until('it says so', () => pending() === undefined);
    expect(node.container('a')?.allocatedResources).toEqual({ cpu: '1500m' });
  });

  it.each([
    ['tells a handler that the runtime does not know', 'other', 'no runtime for "other" is configured'],
    ['tells a class that is gone', undefined, 'runtimeclasses "special" not found'],
  ])('%s', async (_what, handler, why) => {
    await begin({ handlers: ['known'] });
    const write = (to: string) => node.link.readable.set('runtimeclasses/special', { handler: to } as KubeObject);
    if (handler) write(handler);
    node.pods.set(podOf('a', { runtimeClassName: 'special' }));
    const told = () => node.link.events.find(({ reason }) => reason === 'FailedCreatePodSandBox')?.message;
    await node.until('it is told', () => told() !== undefined);
    expect(told()).toBe(`Failed to create pod sandbox: ${why}`);
    write('known');
    await node.running('a');
  });

  it('ends a pod at its deadline', async () => {
    await begin();
    node.pods.set(podOf('a', { activeDeadlineSeconds: 20 }));
    await node.running('a');
    await node.until('it has failed', () => node.status('a')?.phase === 'Failed');
    expect(node.status('a')?.reason).toBe('DeadlineExceeded');
  });
});
