import { FakeLink } from '../../test/support/fake-link.ts';
import { podOf, TestNode } from '../../test/support/test-node.ts';
import type { V1Pod } from '../api/gen/types.ts';
import type { RuntimeStep, SimulatedOptions } from '../runtime/simulated/runtime.ts';

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

  it('takes a deleted pod down in one call, and leaves one that ended to be read', async () => {
    const calls: string[] = [];
    await begin({
      fault: (step) => calls.push(step),
      run: ({ name }) => (name === 'short' ? { afterMs: 10, exitCode: 0 } : undefined),
    });
    node.pods.set(podOf('a'));
    node.pods.set(podOf('b', { restartPolicy: 'Never' }, { name: 'short' }));
    await node.running('a');
    await node.until('b has ended', () => node.status('b')?.phase === 'Succeeded' && calls.includes('stopSandbox'));
    expect((await node.runtime.listContainers()).map(({ name }) => name).sort()).toEqual(['c', 'short']);
    calls.length = 0;
    node.delete('a');
    await node.until('it is gone', () => node.link.gone.includes('uid-a'));
    expect(calls.find((step) => step.endsWith('Sandbox'))).toBe('removeSandbox');
    expect(node.status('a')?.containerStatuses?.[0]?.state?.terminated).toBeDefined();
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

  const endings: RuntimeStep[] = ['stopContainer', 'removeSandbox', 'containerStatus'];
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

  it('refuses what does not fit', async () => {
    await begin();
    node.pods.set(podOf('a', {}, { resources: { requests: { cpu: '3' } } }));
    await node.until('it is refused', () => node.status('a')?.phase === 'Failed');
    const why = "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000";
    expect(node.status('a')).toMatchObject({ reason: 'OutOfcpu', message: `Pod was rejected: ${why}` });
    expect(node.status('a')?.containerStatuses).toBeUndefined();
    expect(node.link.events).toContainEqual(expect.objectContaining({ reason: 'OutOfcpu', message: why }));
  });

  it('gives a port of the node to one pod', async () => {
    await begin();
    const port = (hostIP?: string) => ({ ports: [{ containerPort: 80, hostPort: 8080, hostIP }] });
    node.pods.set(podOf('a', {}, port()));
    await node.running('a');
    node.pods.set(podOf('b', {}, port('127.0.0.1')));
    await node.until('it is refused', () => node.status('b')?.phase === 'Failed');
    expect(node.status('b')).toMatchObject({ reason: 'NodePorts', message: expect.stringMatching(/free ports/) });
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

  it('starts no pod that wants users of its own, which nobody gives it', async () => {
    await begin();
    node.pods.set(podOf('a', { hostUsers: false }));
    const told = () => node.link.events.find(({ reason }) => reason === 'FailedCreatePodSandBox')?.message;
    await node.until('it is told', () => told() !== undefined);
    expect(told()).toMatch('runtime does not support user namespaces');
    expect(await node.runtime.listSandboxes()).toEqual([]);
  });

  it('takes no pod whose groups it could not keep to', async () => {
    await begin();
    node.pods.set(podOf('a', { securityContext: { supplementalGroupsPolicy: 'Strict' } }));
    await node.until('it is refused', () => node.status('a')?.phase === 'Failed');
    expect(node.status('a')).toMatchObject({ reason: 'SupplementalGroupsPolicyNotSupported' });
  });

  it('takes no pod of another system', async () => {
    await begin();
    node.pods.set(podOf('a', { os: { name: 'windows' } }));
    await node.until('it is refused', () => node.status('a')?.phase === 'Failed');
    expect(node.status('a')).toMatchObject({ reason: 'PodOSNotSupported' });
  });

  it('ends a pod at its deadline', async () => {
    await begin();
    node.pods.set(podOf('a', { activeDeadlineSeconds: 20 }));
    await node.running('a');
    await node.until('it has failed', () => node.status('a')?.phase === 'Failed');
    expect(node.status('a')?.reason).toBe('DeadlineExceeded');
    expect(node.link.events.filter(({ reason }) => reason === 'DeadlineExceeded')).toHaveLength(1);
  });
});
