import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EtcdServer, startEtcd } from '../support/etcd-server.ts';
import { quietPort, ServerProcess } from '../support/server-process.ts';
import { untilFound } from '../support/until.ts';

// Two whole control planes over one etcd, with homes of their own: what one of them gives away the other honours, and
// when one is killed the other carries on.
const exec = promisify(execFile);
const settleMsMax = 60_000;
const testMsMax = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'berth-two-servers-'));
const secretFile = join(folder, 'secret');
const homeOf = (name: string) => join(folder, name);
let etcd: EtcdServer;
let first: ServerProcess;
let secondUrl: string;
/** All that were started, also those that should not have come up. */
const servers: ServerProcess[] = [];
const patience = { waitMsMax: settleMsMax, pollMs: 200 };

const startServer = async (name: string, flags: readonly string[]) => {
  const port = await quietPort();
  const place = { home: homeOf(name), port, store: `etcd=${etcd.url}`, program: 'server', flags } as const;
  const server = new ServerProcess(place);
  servers.push(server);
  await server.start();
  return { server, url: `https://127.0.0.1:${port}` };
};

const kubectl = async (home: string, ...argv: string[]): Promise<string> =>
  (await exec('kubectl', ['--kubeconfig', join(home, 'kubeconfig'), ...argv])).stdout.trim();

beforeAll(async () => {
  etcd = await startEtcd();
  writeFileSync(secretFile, 'what both of the servers know\n');
  const flags = ['--controllers', '*,-node-lifecycle', '--cluster-secret-file', secretFile];
  ({ server: first } = await startServer('first', flags));
  ({ url: secondUrl } = await startServer('second', flags));
}, testMsMax);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await etcd?.dispose();
  rmSync(folder, { recursive: true });
});

describe('two control planes over one etcd', () => {
  it(
    'know each other’s people and tokens',
    async () => {
      const whoami = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      expect(await kubectl(homeOf('first'), '--server', secondUrl, ...whoami)).toBe('kubernetes-admin');
      const account = () => kubectl(homeOf('first'), 'get', 'serviceaccount', 'default', '-o', 'name');
      await untilFound(account, (name) => name !== '', patience);
      const token = await kubectl(homeOf('first'), 'create', 'token', 'default');
      const bare = ['--certificate-authority', join(homeOf('first'), 'pki/ca.crt'), '--server', secondUrl];
      const { stdout } = await exec('kubectl', ['--kubeconfig', '/dev/null', ...bare, '--token', token, ...whoami]);
      expect(stdout).toBe('system:serviceaccount:default:default');
    },
    testMsMax,
  );

  it(
    'place and scale pods through either, also when one is gone',
    async () => {
      const capacity = { cpu: '4', memory: '4Gi', pods: '20' };
      const node = {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n1' },
        status: { capacity, allocatable: capacity },
      };
      const file = join(folder, 'node.json');
      writeFileSync(file, JSON.stringify(node));
      await kubectl(homeOf('first'), 'apply', '-f', file);
      await kubectl(homeOf('first'), 'create', 'deployment', 'web', '--image=localhost/web:1', '--replicas=2');
      const placed = async () => {
        const nodes = await kubectl(homeOf('second'), 'get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}');
        return nodes.split(' ').filter((name) => name === 'n1').length;
      };
      await untilFound(placed, (count) => count === 2, patience);
      await first.kill();
      await kubectl(homeOf('second'), 'scale', 'deployment/web', '--replicas=5');
      await untilFound(placed, (count) => count === 5, patience);
    },
    testMsMax,
  );

  it('keep a server out that does not know the secret', async () => {
    const other = join(folder, 'other-secret');
    writeFileSync(other, 'what only this one knows\n');
    const [wrong, none] = await Promise.allSettled([
      startServer('third', ['--cluster-secret-file', other]),
      startServer('fourth', []),
    ]);
    const message = (result: typeof wrong) => (result.status === 'rejected' ? String(result.reason) : 'it started');
    expect(message(wrong)).toContain('the cluster secret is not the one that its keys were sealed with');
    expect(message(none)).toContain('give --cluster-secret-file to take them from the store');
  });
});
