import type { V1Pod, V1Service } from '../../libs/api/gen/types.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { Cluster, eventually, webApp } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
let url = '';
const k = (args: string) => cluster.kubectl(`-n ${namespace} ${args}`, { timeoutMs: 120_000 });

beforeAll(async () => {
  namespace = await cluster.makeNamespace('service');
  await cluster.apply(namespace, webApp('web', { replicas: 3, serviceType: 'NodePort' }));
  await k('rollout status deployment/web --timeout=60s');
  const service = await cluster.get<V1Service>(`service web -n ${namespace}`);
  url = `http://127.0.0.1:${service.spec?.ports?.[0]?.nodePort}/`;
  await eventually(() => fetch(url).then((answer) => answer.ok));
});
afterAll(() => cluster.dropNamespace(namespace));

/** Asks without pause, on a new connection each time, until told to stop. */
function load(): { stop(): Promise<{ answered: number; failed: string[]; by: Map<string, number> }> } {
  let running = true;
  const seen = { answered: 0, failed: [] as string[], by: new Map<string, number>() };
  const worker = async () => {
    while (running) {
      try {
        const answer = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5_000) });
        const pod = /hello from (\S+),/.exec(await answer.text())?.[1] ?? '';
        if (answer.ok && pod) {
          seen.answered++;
          seen.by.set(pod, (seen.by.get(pod) ?? 0) + 1);
        } else seen.failed.push(`status ${answer.status}`);
      } catch (error) {
        seen.failed.push(String((error as Error).cause ?? error));
      }
      await sleep(systemClock, 5);
    }
  };
  const workers = [worker(), worker(), worker()];
  return {
    async stop() {
      running = false;
      await Promise.all(workers);
      return seen;
    },
  };
}

describe('a service under load', () => {
  it('spreads over all pods', async () => {
    const traffic = load();
    await sleep(systemClock, 2_000);
    const seen = await traffic.stop();
    expect(seen.failed).toEqual([]);
    expect(seen.by.size).toBe(3);
    for (const count of seen.by.values()) expect(count).toBeGreaterThan(seen.answered / 10);
  });

  it('answers every request while it scales 3 -> 10 -> 1', async () => {
    const traffic = load();
    await k('scale deployment web --replicas=10');
    await k('rollout status deployment/web --timeout=100s');
    await sleep(systemClock, 1_000);
    await k('scale deployment web --replicas=1');
    await eventually(async () => {
      const { items } = await cluster.get<{ items: V1Pod[] }>(`pods -l app=web -n ${namespace}`);
      expect(items).toHaveLength(1);
    }, 60_000);
    const seen = await traffic.stop();
    expect(seen.failed).toEqual([]);
    expect(seen.by.size).toBeGreaterThanOrEqual(10);
  });

  it('answers every request while a new version rolls out', async () => {
    await k('scale deployment web --replicas=3');
    await k('rollout status deployment/web --timeout=60s');
    const traffic = load();
    await k('set image deployment/web web=localhost/berth/hello:2');
    await k('rollout status deployment/web --timeout=100s');
    const seen = await traffic.stop();
    expect(seen.failed).toEqual([]);
    expect(await (await fetch(url)).text()).toContain('version 2');
  });
});

describe('names and addresses', () => {
  it('resolves services and reaches them from every node', async () => {
    const client = (node: string) => `
apiVersion: v1
kind: Pod
metadata: { name: client-${node} }
spec:
  nodeName: ${node}
  restartPolicy: Never
  containers:
    - name: c
      image: localhost/berth/busybox:1
      command: [sh, -c, 'wget -qO- http://web && wget -qO- http://web.${namespace}.svc.cluster.local']
`;
    for (const node of ['node-1', 'node-2', 'node-3']) await cluster.apply(namespace, client(node));
    for (const node of ['node-1', 'node-2', 'node-3']) {
      const read = async () => (await cluster.get<V1Pod>(`pod client-${node} -n ${namespace}`)).status?.phase;
      await eventually(async () => expect(['Succeeded', 'Failed']).toContain(await read()));
      expect((await k(`logs client-${node}`)).match(/hello from web-/g)).toHaveLength(2);
    }
  });
});
