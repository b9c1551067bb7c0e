import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Deployment, V1NodeList, V1PodList } from '../../libs/api/gen/types.ts';
import { relocationAnnotation } from '../../libs/api/kinds/pod/relocation.ts';
import { milliValue } from '../../libs/api/quantity/amounts.ts';
import type { DrainPlan } from '../../libs/scheduling/foresight/drain.ts';
import type { Plan } from '../../libs/scheduling/foresight/plan.ts';
import { Cluster, eventually } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
const k = (args: string) => cluster.kubectl(`-n ${namespace} ${args}`);

function deployment(
  name: string,
  { cpu, replicas, more = '' }: { cpu: string; replicas: number; more?: string },
): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 0
      initContainers: [{ name: first, image: 'localhost/berth/busybox:1', command: [sleep, '1'] }]
      containers:
        - { name: c, image: 'localhost/berth/busybox:1', command: [sleep, '10000'], resources: { requests: { cpu: ${cpu} } } }
${more}`;
}

const apart = (name: string) => `      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: ${name} } } }
`;
const oneEach = '1 on node-1, 1 on node-2, 1 on node-3';
const plan = async (yaml: string) => {
  const file = join(cluster.home, `${namespace}.yaml`);
  await writeFile(file, yaml);
  return cluster.berth('plan', '-f', file, '-o', 'json');
};
const nodesOf = async (app: string) => {
  const { items } = await cluster.get<V1PodList>(`pods -n ${namespace} -l app=${app}`);
  return items
    .filter(({ metadata }) => !metadata?.deletionTimestamp)
    .map(({ spec }) => spec?.nodeName ?? '')
    .sort();
};

beforeAll(async () => {
  namespace = await cluster.makeNamespace('foresight');
});
afterAll(async () => {
  await cluster.berth('uncordon', 'node-1', 'node-2', 'node-3');
  await cluster.dropNamespace(namespace);
});

describe('foresight', () => {
  it('warns in dry runs, plans the same, and the scheduler then does it', async () => {
    const yaml = deployment('web', { cpu: '50m', replicas: 4, more: apart('web') });
    const dry = await cluster.tryKubectl('apply --dry-run=server -f -', { input: yaml });
    const message = "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.";
    expect(dry.stderr).toContain(`Warning: 3 pods would run: ${oneEach}`);
    expect(dry.stderr).toContain(`Warning: 1 pod would wait: ${message}`);
    const planned = await plan(yaml);
    expect(planned.code).toBe(2);
    expect(JSON.parse(planned.stdout) as Plan).toMatchObject({
      fits: false,
      objects: [{ change: 'creates', waiting: [{ message }] }],
    });
    await cluster.kubectl('apply -f -', { input: yaml });
    await eventually(async () => {
      expect(await nodesOf('web')).toEqual(['', 'node-1', 'node-2', 'node-3']);
    });
    const change = await cluster.tryKubectl(`-n ${namespace} scale deployment/web --replicas=3 --dry-run=server`);
    expect(change.stderr).not.toContain('would run');
    await k('scale deployment/web --replicas=3');
    await k('rollout status deployment/web --timeout=60s');
  });

  it('tells where a drain would send pods, and drains within budgets', async () => {
    const budget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: ${namespace} }
spec: { minAvailable: 3, selector: { matchLabels: { app: web } } }
`;
    await cluster.kubectl('apply -f -', { input: budget });
    await eventually(async () => expect(await k('get pdb web -o jsonpath={.status.currentHealthy}')).toBe('3'));
    const fate = async () => {
      const { code, stdout } = await cluster.berth('drain', 'node-3', '--dry-run', '-o', 'json');
      const { pods } = JSON.parse(stdout) as DrainPlan;
      return { code, fate: pods.find(({ pod }) => pod.startsWith(`${namespace}/web-`))?.fate };
    };
    expect(await fate()).toEqual({ code: 2, fate: 'blocked' });
    const refused = await cluster.berth('drain', 'node-3', '--force', '--delete-emptydir-data', '--timeout', '1');
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/web-\S+ waits: Cannot evict pod/) });
    await k('delete pdb web');
    const drained = await cluster.berth('drain', 'node-3', '--force', '--delete-emptydir-data', '--timeout', '60');
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('node/node-3 drained') });
    expect(await nodesOf('web')).toEqual(['', 'node-1', 'node-2']);
    await cluster.berth('uncordon', 'node-3');
    await k('scale deployment/web --replicas=0');
  });

  it('moves pods to where there is room, the replacement first, and ends what was killed', async () => {
    const { items } = await cluster.get<V1NodeList>('nodes');
    const cpu = `${Math.floor(milliValue(items[0]?.status?.allocatable?.cpu ?? '1') / 6)}m`;
    await cluster.berth('cordon', 'node-2', 'node-3');
    await cluster.kubectl('apply -f -', {
      input: deployment('heap', { cpu, replicas: 3 }),
    });
    await k('rollout status deployment/heap --timeout=60s');
    await cluster.berth('uncordon', 'node-2', 'node-3');

    const program = join(import.meta.dirname, '../../dist/apps/cli/main.js');
    const args = [program, 'rebalance', '--goal', 'even', '--max-moves', '1', '--apply'];
    const env = { ...process.env, BERTH_HOME: cluster.home, NODE_OPTIONS: '' };
    const moving = spawn(process.execPath, args, { env, stdio: 'ignore' });
    const heap = () => cluster.get<V1Deployment>(`deployment/heap -n ${namespace}`);
    await eventually(async () => {
      expect((await heap()).metadata?.annotations?.[relocationAnnotation]).toBeDefined();
    });
    moving.kill('SIGKILL');
    expect((await heap()).spec?.replicas).toBe(4);
    const ended = await cluster.berth('rebalance', '--max-moves', '0', '--apply');
    expect(ended.stdout).toContain(`Deployment ${namespace}/heap: ended the move of pod heap-`);
    const settled = await heap();
    expect(settled.spec?.replicas).toBe(3);
    expect(settled.metadata?.annotations?.[relocationAnnotation]).toBeUndefined();
    await eventually(async () => expect(await nodesOf('heap')).toHaveLength(3));
    await k('rollout status deployment/heap --timeout=60s');

    const moved = await cluster.berth('rebalance', '--goal', 'even', '--max-moves', '2', '--apply');
    expect(moved).toMatchObject({ code: 0, stdout: expect.stringMatching(/moved \S+\/heap-\S+ to node-[23]/) });
    expect(new Set(await nodesOf('heap')).size).toBeGreaterThan(1);
    expect((await heap()).status).toMatchObject({ replicas: 3, readyReplicas: 3 });
  });
});
