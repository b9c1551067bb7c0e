import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, eventually, run, webApp } from './cluster.ts';

const cluster = Cluster.shared();
const port = 19_090;
const deploy = join(import.meta.dirname, '../../deploy/prometheus');
const folder = mkdtempSync(join(tmpdir(), 'berth-prometheus-'));
let namespace = '';
let prometheus: ChildProcess;

interface Answer<T> {
  status: string;
  data: T;
}
interface Vector {
  result: Array<{ metric: Record<string, string>; value: [number, string] }>;
}

async function ask<T>(path: string): Promise<T> {
  const answer = (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as Answer<T>;
  expect(answer.status).toBe('success');
  return answer.data;
}

async function query(expression: string): Promise<number[]> {
  const { result } = await ask<Vector>(`query?query=${encodeURIComponent(expression)}`);
  return result.map((series) => Number(series.value[1]));
}

beforeAll(async () => {
  namespace = await cluster.makeNamespace('prometheus');
  const annotated = webApp('web', { replicas: 2 }).replace(
    'metadata: { labels: { app: web } }',
    "metadata: { labels: { app: web }, annotations: { prometheus.io/scrape: 'true', prometheus.io/port: '8080', prometheus.io/path: /healthz } }",
  );
  await cluster.apply(namespace, annotated);
  const server = (await cluster.kubectl('config view --minify -o jsonpath={.clusters[0].cluster.server}')).trim();
  const config = readFileSync(join(deploy, 'prometheus-http-sd.yml'), 'utf8')
    .replaceAll('SERVER', server)
    .replaceAll('ADDRESS', new URL(server).host)
    .replaceAll('HOME', cluster.home)
    .replaceAll('RULES', deploy)
    .replaceAll('5s', '2s');
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  prometheus = spawn('prometheus', args, { stdio: 'ignore' });
  await cluster.kubectl(`-n ${namespace} rollout status deployment/web --timeout=60s`);
  await eventually(() => fetch(`http://127.0.0.1:${port}/-/ready`).then((answer) => answer.ok));
});
afterAll(async () => {
  prometheus.kill('SIGKILL');
  rmSync(folder, { recursive: true });
  await cluster.dropNamespace(namespace);
});

describe('Prometheus', () => {
  it('accepts the configurations and the rules', async () => {
    expect(await run('promtool', ['test', 'rules', join(deploy, 'rules.test.yml')], {})).toMatchObject({ code: 0 });
    expect(await run('promtool', ['check', 'config', '--syntax-only', `${folder}/prometheus.yml`], {})).toMatchObject({
      code: 0,
    });
  });

  it('finds every target and they are up', async () => {
    await eventually(async () => {
      expect(await query('up{job="berth-apiserver"}')).toEqual([1]);
      expect(await query('up{job="berth-agent"}')).toEqual([1, 1, 1]);
      expect(await query('up{job="berth-containers"}')).toEqual([1, 1, 1]);
      expect(
        (await ask<{ activeTargets: unknown[] }>('targets?state=active')).activeTargets.length,
      ).toBeGreaterThanOrEqual(9);
      expect(await query(`count(up{job="pods",namespace="${namespace}"})`)).toEqual([2]);
    }, 60_000);
  });

  it('serves the upstream names', async () => {
    const names = [
      'apiserver_request_total',
      'apiserver_request_duration_seconds_bucket',
      'scheduler_schedule_attempts_total',
      'scheduler_pending_pods',
      'workqueue_depth',
      'container_cpu_usage_seconds_total',
      'container_memory_working_set_bytes',
      'kube_deployment_status_replicas_available',
      'kube_pod_container_status_restarts_total',
      'process_resident_memory_bytes',
    ];
    await eventually(async () => {
      for (const name of names)
        expect({ name, found: (await query(`count(${name})`)).length }).toEqual({ name, found: 1 });
    }, 60_000);
  });

  it('agrees with the cluster and with cgroups', async () => {
    await eventually(async () => {
      expect(
        await query(`kube_deployment_status_replicas_available{namespace="${namespace}",deployment="web"}`),
      ).toEqual([2]);
      const pod = (
        await cluster.kubectl(`-n ${namespace} get pods -l app=web -o jsonpath={.items[0].metadata.name}`)
      ).trim();
      const [seen = 0] = await query(
        `container_memory_working_set_bytes{namespace="${namespace}",pod="${pod}",container="web"}`,
      );
      const script = 'cat /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.current';
      const used = Number(await cluster.kubectl(`-n ${namespace} exec ${pod} -- sh -c '${script}'`));
      expect(seen).toBeGreaterThan(100_000);
      expect(seen).toBeLessThanOrEqual(used * 1.5 + 2_000_000);
    }, 60_000);
  });
});
