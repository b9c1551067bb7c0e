import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzip } from '../support/unzip.ts';
import { Cluster, type Finished, run } from './cluster.ts';

const cluster = Cluster.shared();
const chart = join(import.meta.dirname, 'chart');
const layer = join(import.meta.dirname, '../../node_modules/@aws-cdk/asset-kubectl-v20/lib/layer.zip');
const folder = mkdtempSync(join(tmpdir(), 'berth-helm-'));
const program = join(folder, 'helm');
let namespace = '';

function tryHelm(...args: string[]): Promise<Finished> {
  const env = { KUBECONFIG: cluster.kubeconfig, HOME: folder };
  return run(program, [...args, '-n', namespace], { env, timeoutMs: 90_000 });
}

async function helm(...args: string[]): Promise<string> {
  const done = await tryHelm(...args);
  if (done.code !== 0) throw new Error(`helm ${args.join(' ')} ended with ${done.code}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

const k = (args: string) => cluster.kubectl(`-n ${namespace} ${args}`);

beforeAll(async () => {
  writeFileSync(program, unzip(readFileSync(layer), 'helm/helm'), { mode: 0o755 });
  namespace = await cluster.makeNamespace('helm');
});

afterAll(async () => {
  await cluster.dropNamespace(namespace);
  rmSync(folder, { recursive: true });
});

it('installs a chart with its sub-chart after its hook, and waits until it serves', async () => {
  expect(await helm('install', 'shop', chart, '--wait')).toContain('STATUS: deployed');
  expect(await k('get configmap shop-words -o jsonpath={.data}')).toBe('{"shared":"everywhere","word":"first"}');
  expect(await k('get job shop-pre-install -o jsonpath={.status.succeeded}')).toBe('1');
  expect(await k('get deployment shop-web -o jsonpath={.status.readyReplicas}')).toBe('1');
});

it('runs the tests of a release', async () => {
  expect(await helm('test', 'shop')).toMatch(/Phase:\s+Succeeded/);
});

it('upgrades what changed and leaves what others changed', async () => {
  await k('annotate deployment shop-web kept=yes');
  await helm('upgrade', 'shop', chart, '--set', 'note=two,words.word=second', '--wait');
  expect(await k('get configmap shop-words -o jsonpath={.data.word}')).toBe('second');
  expect(await k('get deployment shop-web -o jsonpath={.metadata.annotations.kept}')).toBe('yes');
  expect(await k('get job shop-post-upgrade -o jsonpath={.status.succeeded}')).toBe('1');
});

it('takes a failed upgrade back', async () => {
  const failed = await tryHelm(
    'upgrade',
    'shop',
    chart,
    '--set',
    'image=localhost/berth/none:1',
    '--atomic',
    '--timeout',
    '8s',
  );
  expect(failed.stderr).toMatch(/rolled back due to atomic being set/);
  expect(await k('get deployment shop-web -o jsonpath={.spec.template.spec.containers[0].image}')).toBe(
    'localhost/berth/hello:1',
  );
});

it('rolls back to a revision', async () => {
  await helm('rollback', 'shop', '1', '--wait');
  expect(await k('get configmap shop-words -o jsonpath={.data.word}')).toBe('first');
  expect(await helm('history', 'shop')).toMatch(/Rollback to 1/);
});

it('uninstalls everything', async () => {
  await helm('uninstall', 'shop', '--wait');
  expect(await k('get deployments,services,configmaps -l app.kubernetes.io/managed-by=Helm -o name')).toBe('');
  expect((await cluster.tryKubectl(`-n ${namespace} get deployment shop-web`)).stderr).toContain('NotFound');
  expect(await helm('list', '-q')).toBe('');
});
