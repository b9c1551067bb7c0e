import { join } from 'node:path';
import { Cluster, eventually, run } from './cluster.ts';

const cluster = Cluster.shared();
const program = join(import.meta.dirname, '../../dist/apps/cli/main.js');
let namespace = '';

/** What `berth` printed; the namespace is that of the test. */
async function berth(command: string, input?: string): Promise<string> {
  const [verb = '', ...rest] = command.split(' ');
  const env = { BERTH_HOME: cluster.home, NODE_OPTIONS: '' };
  const done = await run(process.execPath, [program, verb, '-n', namespace, ...rest], { env, input });
  if (done.code !== 0) throw new Error(`berth ${command}: ${done.code} ${done.stderr}`);
  return done.stdout;
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{ name: web, image: 'localhost/berth/hello:1' }]
`;

beforeAll(async () => {
  namespace = await cluster.makeNamespace('cli');
});
afterAll(() => cluster.dropNamespace(namespace));

describe('berth, for people without kubectl', () => {
  it('applies, shows, scales, reads, enters and deletes', async () => {
    expect(await berth('apply -f -', deployment)).toBe('deployments/web created\n');
    await eventually(async () => expect(await berth('get deploy')).toMatch(/NAME\s+READY.*\nweb\s+1\/1/));
    expect(await berth('scale deployment/web --replicas=2')).toContain('scaled to 2');
    await eventually(async () => expect((await berth('get pods -l app=web')).match(/1\/1\s+Running/g)).toHaveLength(2));
    const [pod = ''] = (await berth('get pods -o name')).split('\n');
    expect(await berth(`logs ${pod}`)).toContain('version 1');
    expect(await berth(`exec -i ${pod} -- cat`, 'hello')).toBe('hello');
    expect(await berth(`describe ${pod}`)).toMatch(/qosClass: BestEffort[\s\S]*Scheduled/);
    expect(await berth('get deploy web -o yaml')).toContain('kind: Deployment');
    await eventually(async () => expect(await berth('top pods')).toMatch(/web-\S+\s+\d+m\s+\d+Mi/), 60_000);
    expect(await berth('delete deploy web')).toBe('deployments/web deleted\n');
    await eventually(async () => expect(await berth('get pods')).toContain('no pods found'));
  });

  it('passes the exit code of a command on', async () => {
    await berth('apply -f -', deployment);
    await eventually(async () => expect(await berth('get pods')).toMatch(/1\/1\s+Running/));
    const [pod = ''] = (await berth('get pods -o name')).split('\n');
    await expect(berth(`exec ${pod} -- false`)).rejects.toThrow(': 1 ');
  });

  it.each([
    ['get nonsense', /no resource "nonsense"/],
    ['get pod none', /pods "none" not found/],
    ['scale deployment/web --replicas=many', /--replicas N/],
    ['exec pod-without-command', /needs -- COMMAND/],
  ])('%s is refused with a reason', async (command, reason) => {
    await expect(berth(command)).rejects.toThrow(reason);
  });
});
