import { readFileSync, writeFileSync } from 'node:fs';
import { podOf, TestNode } from '../../test/support/test-node.ts';
import type { KubeObject } from '../api/meta.ts';
import type { SimulatedOptions } from '../runtime/simulated/runtime.ts';

describe("a node's containers", () => {
  let node: TestNode;
  const begin = async (options: Partial<SimulatedOptions> = {}) => {
    node = new TestNode(options);
    await node.start();
    return node;
  };
  afterEach(() => node.stop());

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

  it('waits no longer once a container that crashes gets another image, and for that one from the beginning', async () => {
    await begin({ run: () => ({ afterMs: 10, exitCode: 1 }) });
    const held = () => node.container('a')?.state?.waiting?.message ?? '';
    node.pods.set(podOf('a'));
    await node.until('the second wait', () => held().startsWith('back-off 20s'));
    const atMs = node.clock.now();
    node.pods.set(podOf('a', {}, { image: 'example.com/app:1b' }));
    await node.until('it is held back anew', () => held().startsWith('back-off 10s'));
    expect(node.container('a')?.restartCount).toBe(3);
    expect(node.clock.now() - atMs).toBeLessThan(10_000);
  });

  it('starts no container whose mounts would not be as read-only as it asks', async () => {
    await begin();
    const mount = { name: 'v', mountPath: '/v', readOnly: true };
    const volumes = [{ name: 'v', emptyDir: {} }];
    node.pods.set(podOf('a', { volumes }, { volumeMounts: [{ ...mount, recursiveReadOnly: 'Enabled' }] }));
    node.pods.set(podOf('b', { volumes }, { volumeMounts: [{ ...mount, recursiveReadOnly: 'IfPossible' }] }));
    await node.running('b');
    const waiting = () => node.container('a')?.state?.waiting;
    await node.until('it says why', () => waiting()?.reason === 'CreateContainerConfigError');
    expect(waiting()?.message).toMatch('recursive read-only mode, but it is not supported');
  });

  it('gives a container the variables that one before it wrote', async () => {
    await begin();
    const fileKeyRef = { volumeName: 'v', path: 'made.env', key: 'A' };
    const env = [{ name: 'A', valueFrom: { fileKeyRef } }];
    node.pods.set(podOf('a', { volumes: [{ name: 'v', emptyDir: {} }] }, { env }));
    await node.until('it waits', () => node.container('a')?.state?.waiting?.reason === 'CreateContainerConfigError');
    expect(node.container('a')?.state?.waiting?.message).toMatch('key "A" not found in file "made.env"');
    writeFileSync(node.path('pods', 'uid-a', 'volumes', 'emptyDir', 'v', 'made.env'), "A='b'\n");
    await node.running('a');
  });

  it('tells which kind of container waits', async () => {
    await begin({ run: () => ({ afterMs: 10, exitCode: 1 }) });
    node.pods.set(podOf('a', { initContainers: [{ name: 'i', image: 'example.com/app:1' }] }));
    await node.until('it is told', () => node.link.events.some(({ reason }) => reason === 'BackOff'));
    const told = node.link.events.find(({ reason }) => reason === 'BackOff');
    expect(told?.involvedObject.fieldPath).toBe('spec.initContainers{i}');
  });

  it('removes old runs, also those that could not be removed at first', async () => {
    const refused = new Set<string>();
    await begin({
      run: () => ({ afterMs: 10, exitCode: 1 }),
      fault: (step, id) => {
        if (step !== 'removeContainer' || refused.has(id)) return;
        refused.add(id);
        throw new Error('device or resource busy');
      },
    });
    node.pods.set(podOf('a'));
    for (const [again, waitMs] of [0, 10_000, 20_000, 40_000].entries()) {
      await node.clock.advance(waitMs);
      await node.until(`it runs again, after ${waitMs} ms`, () => (node.container('a')?.restartCount ?? 0) > again);
    }
    const left = await node.runtime.listContainers();
    expect(refused.size).toBeGreaterThanOrEqual(2);
    expect(left.filter(({ id }) => refused.has(id)).length).toBeLessThanOrEqual(1);
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
});
