import { podOf, TestNode } from '../../test/support/test-node.ts';
import type { V1Container } from '../api/gen/types.ts';
import type { SimulatedOptions } from '../runtime/simulated/runtime.ts';

describe('a resize', () => {
  let node: TestNode;
  const begin = async (options: Partial<SimulatedOptions> = {}) => {
    node = new TestNode(options);
    await node.start();
    return node;
  };
  afterEach(() => node.stop());

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

  it('reaches init containers that run, and sidecars', async () => {
    await begin();
    const limits = (memory: string) => ({ resources: { limits: { memory } } });
    const image = 'example.com/app:1';
    const sized = (memory: string) => ({
      initContainers: [
        { name: 'side', image, restartPolicy: 'Always', ...limits(memory) },
        { name: 'init', image, ...limits(memory) },
      ],
    });
    const shown = () =>
      node
        .status('a')
        ?.initContainerStatuses?.map(({ state, resources }) => state?.running && resources?.limits?.memory);
    node.pods.set(podOf('a', sized('32Mi')));
    await node.until('they run', () => shown()?.join() === '32Mi,32Mi');
    node.pods.set(podOf('a', sized('48Mi')));
    await node.until('they have more', () => shown()?.join() === '48Mi,48Mi');
    expect(node.status('a')?.initContainerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0]);
  });

  it('runs an init container anew that wants a restart, even if it ends well when it is stopped', async () => {
    const stopped = (step: string, id: string) => {
      if (step === 'stopContainer') node.runtime.exit(id, 0);
    };
    await begin({ fault: stopped });
    const image = 'example.com/app:1';
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    const sized = (memory: string) => ({
      initContainers: [{ name: 'init', image, resizePolicy, resources: { limits: { memory } } }],
    });
    const shown = () => node.status('a')?.initContainerStatuses?.[0];
    node.pods.set(podOf('a', sized('32Mi')));
    await node.until('it runs', () => shown()?.state?.running !== undefined);
    node.pods.set(podOf('a', sized('48Mi')));
    await node.until('it runs anew', () => shown()?.restartCount === 1 && shown()?.state?.running !== undefined);
    expect(node.container('a')?.state?.running).toBeUndefined();
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
});
