import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newPrivateKey, newSigningRequest } from '../../libs/pki/issue.ts';
import { ProgramProcess } from '../support/program-process.ts';
import { quietPort, ServerProcess } from '../support/server-process.ts';
import { untilFound } from '../support/until.ts';

// API server, scheduler and controllers as programs of their own that only have HTTPS between them.
const exec = promisify(execFile);
const testMsMax = 120_000;
const patience = { waitMsMax: 60_000, pollMs: 200 };

const home = mkdtempSync(join(tmpdir(), 'berth-apart-'));
const kubeconfig = join(home, 'kubeconfig');
const pki = (file: string) => join(home, 'pki', file);
const started: ProgramProcess[] = [];
let server: ServerProcess;

const kubectl = async (...argv: string[]): Promise<string> =>
  (await exec('kubectl', ['--kubeconfig', kubeconfig, ...argv])).stdout.trim();

const apply = async (object: object): Promise<void> => {
  const file = join(home, 'object.json');
  writeFileSync(file, JSON.stringify(object));
  await kubectl('apply', '-f', file);
};

const run = (app: string, ...flags: string[]): ProgramProcess => {
  const program = new ProgramProcess(app, ['--kubeconfig', kubeconfig, '--metrics-port', '0', ...flags]);
  started.push(program);
  return program;
};

const runControllers = (): ProgramProcess =>
  run(
    'controllers',
    ...['--disable', 'node-lifecycle', '--service-account-private-key-file', pki('sa.key')],
    ...['--cluster-signing-cert-file', pki('ca.crt'), '--cluster-signing-key-file', pki('ca.key')],
  );

/** Which of the pods of the deployment have a node. */
const boundPods = async (count: number): Promise<string[]> => {
  const nodesOf = ['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.nodeName}'];
  const bound = (text: string) => text.split(' ').filter((name) => name !== '');
  return bound(
    await untilFound(
      () => kubectl(...nodesOf),
      (text) => bound(text).length === count,
      patience,
    ),
  );
};

beforeAll(async () => {
  server = new ServerProcess({ home, port: await quietPort(), store: 'embedded' });
  await server.start();
  const allocatable = { cpu: '4', memory: '8Gi', pods: '110' };
  const status = { allocatable, capacity: allocatable, conditions: [{ type: 'Ready', status: 'True' }] };
  await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'lone' }, status });
  await kubectl('patch', 'node', 'lone', '--type=merge', '-p', '{"spec":{"taints":null}}');
  await kubectl('patch', 'node', 'lone', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status }));
}, testMsMax);

afterAll(async () => {
  await Promise.all(started.map((program) => program.end('SIGKILL')));
  await server?.kill();
  rmSync(home, { recursive: true });
});

describe('the control plane in parts', () => {
  let controllers: ProgramProcess;
  let scheduler: ProgramProcess;

  it(
    'brings a deployment to a node',
    async () => {
      controllers = runControllers();
      scheduler = run('scheduler');
      const labels = { app: 'web' };
      const spec = { containers: [{ name: 'main', image: 'localhost/web:1' }] };
      const template = { metadata: { labels }, spec };
      const deployment = { replicas: 2, selector: { matchLabels: labels }, template };
      await apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: deployment });
      expect(await boundPods(2)).toEqual(['lone', 'lone']);
    },
    testMsMax,
  );

  it(
    'signs with the keys that it was given',
    async () => {
      const request = await newSigningRequest({ commonName: 'jane', organizations: [] }, await newPrivateKey());
      const signerName = 'kubernetes.io/kube-apiserver-client';
      const spec = { request: Buffer.from(request).toString('base64'), signerName, usages: ['client auth'] };
      const apiVersion = 'certificates.k8s.io/v1';
      await apply({ apiVersion, kind: 'CertificateSigningRequest', metadata: { name: 'jane' }, spec });
      await kubectl('certificate', 'approve', 'jane');
      const certificateOf = ['get', 'csr', 'jane', '-o', 'jsonpath={.status.certificate}'];
      const certificate = await untilFound(
        () => kubectl(...certificateOf),
        (text) => text !== '',
        patience,
      );
      expect(Buffer.from(certificate, 'base64').toString()).toContain('BEGIN CERTIFICATE');

      const annotations = { 'kubernetes.io/service-account.name': 'default' };
      const type = 'kubernetes.io/service-account-token';
      await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept', annotations }, type });
      const tokenOf = ['get', 'secret', 'kept', '-o', 'jsonpath={.data.token}'];
      const token = await untilFound(
        () => kubectl(...tokenOf),
        (text) => text !== '',
        patience,
      );
      const whoami = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      const bearer = ['--token', Buffer.from(token, 'base64').toString()];
      const anonymous = join(home, 'anonymous');
      await exec('cp', [kubeconfig, anonymous]);
      await exec('kubectl', ['--kubeconfig', anonymous, 'config', 'unset', 'users']);
      const { stdout } = await exec('kubectl', ['--kubeconfig', anonymous, ...bearer, ...whoami]);
      expect(stdout).toBe('system:serviceaccount:default:default');
    },
    testMsMax,
  );

  it(
    'goes on with other controllers when those that lead are killed',
    async () => {
      runControllers();
      await controllers.end('SIGKILL');
      await kubectl('scale', 'deployment/web', '--replicas=3');
      expect(await boundPods(3)).toHaveLength(3);
    },
    testMsMax,
  );

  it('ends in good order when it is told to', async () => {
    expect(await scheduler.end('SIGTERM')).toBe(0);
  });
});
