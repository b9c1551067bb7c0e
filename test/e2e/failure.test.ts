import type { V1Node, V1Pod } from '../../libs/api/gen/types.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { Cluster, eventually, webApp } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
const k = (args: string, input?: string) => cluster.kubectl(`-n ${namespace} ${args}`, { input });

async function pods(): Promise<V1Pod[]> {
  return (await cluster.get<{ items: V1Pod[] }>(`pods -l app=web -n ${namespace}`)).items;
}

/** What must not change when a component dies: which containers run, since when, restarted how often. */
async function containers(): Promise<string[]> {
  const all = (await pods()).flatMap((pod) => pod.status?.containerStatuses ?? []);
  return all.map((status) => `${status.containerID} ${status.state?.running?.startedAt} ${status.restartCount}`).sort();
}

async function ready(name: string): Promise<string> {
  const node = await cluster.get<V1Node>(`node ${name}`);
  return node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status ?? '';
}

beforeAll(async () => {
  namespace = await cluster.makeNamespace('failure');
  const hasty = `tolerations:
        - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 2 }
        - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 2 }
      containers:`;
  await cluster.apply(namespace, webApp('web', { replicas: 4 }).replace('containers:', hasty));
  await k('rollout status deployment/web --timeout=90s');
});
afterAll(() => cluster.dropNamespace(namespace));

describe('kill -9', () => {
  it('of the control plane loses nothing and restarts no container', async () => {
    const before = await containers();
    await k('create configmap kept --from-literal=a=1');
    const { server } = await cluster.describe();
    process.kill(server, 'SIGKILL');
    await eventually(async () => expect((await cluster.describe()).server).not.toBe(server));
    await eventually(() => k('get configmap kept'));
    await eventually(async () => expect(await ready('node-1')).toBe('True'));
    await k('scale deployment web --replicas=5');
    await k('rollout status deployment/web --timeout=60s');
    expect(await containers()).toEqual(expect.arrayContaining(before));
    await k('scale deployment web --replicas=4');
    await eventually(async () => expect(await pods()).toHaveLength(4));
  });

  it('of every agent restarts no container', async () => {
    await eventually(async () => expect(await containers()).toHaveLength(4));
    const before = await containers();
    const { nodes } = await cluster.describe();
    for (const node of nodes) process.kill(node.agent, 'SIGKILL');
    await eventually(async () => {
      const now = await cluster.describe();
      for (const node of now.nodes) expect(nodes.map(({ agent }) => agent)).not.toContain(node.agent);
    });
    await sleep(systemClock, 3_000);
    for (const node of nodes) await eventually(async () => expect(await ready(node.name)).toBe('True'));
    expect(await containers()).toEqual(before);
    const [pod] = await pods();
    await eventually(async () => expect(await k(`exec ${pod?.metadata?.name} -- hostname`)).toContain('web-'));
  });

  it('of an agent: a pod that is deleted meanwhile is removed when it is back', async () => {
    const [pod] = await pods();
    const node = (await cluster.describe()).nodes.find(({ name }) => name === pod?.spec?.nodeName);
    if (!node) throw new Error('the pod runs on no node of the cluster');
    process.kill(node.agent, 'SIGKILL');
    await k(`delete pod ${pod?.metadata?.name} --wait=false`);
    await eventually(
      async () => expect((await pods()).map((each) => each.metadata?.name)).not.toContain(pod?.metadata?.name),
      60_000,
    );
    await k('rollout status deployment/web --timeout=60s');
  });
});

describe('a node that fails', () => {
  it('is NotReady within 10 s, and its pods run elsewhere', async () => {
    const victim = (await pods())[0]?.spec?.nodeName ?? '';
    const died = systemClock.monotonic();
    await cluster.berth('node', 'stop', victim);
    await eventually(async () => expect(await ready(victim)).toBe('Unknown'), 15_000);
    expect(systemClock.monotonic() - died).toBeLessThan(11_500);
    expect(await k(`get node ${victim} -o jsonpath={.spec.taints[*].key}`)).toContain('node.kubernetes.io/unreachable');
    await eventually(async () => {
      const running = (await pods()).filter(
        (pod) => pod.status?.phase === 'Running' && !pod.metadata?.deletionTimestamp,
      );
      expect(running.filter((pod) => pod.spec?.nodeName !== victim)).toHaveLength(4);
    }, 60_000);
    await cluster.berth('node', 'start', victim);
    await eventually(async () => expect(await ready(victim)).toBe('True'), 60_000);
    await eventually(async () => expect(await pods()).toHaveLength(4), 60_000);
    expect(await k(`get node ${victim} -o jsonpath={.spec.taints}`)).toBe('');
  });
});
