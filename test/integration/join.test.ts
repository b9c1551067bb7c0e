import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep, systemClock } from '../../libs/base/clock.ts';

// Three "machines": network namespaces on a bridge of the test's own. The first runs the control plane, two join.
const exec = promisify(execFile);
const berth = join(process.env.BERTH_DIST ?? join(import.meta.dirname, '../../dist'), 'apps/cli/main.js');
const manifest = join(import.meta.dirname, '../../deploy/examples/hello.yaml');
const tag = `j${process.pid}`;
const machines = ['server', 'one', 'two'].map((name, at) => ({ name, ns: `berth-${tag}-${at}`, link: `${tag}-${at}` }));
const [server, one, two] = machines as [Machine, Machine, Machine];
const bridge = `${tag}-br`;
const port = 16_643;
const readyMsMax = 40_000;
const testMsMax = 90_000;

type Machine = (typeof machines)[number];

const ip = (...words: string[]) => exec('ip', words);

beforeAll(async () => {
  await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('link', 'set', bridge, 'up');
  for (const [at, { ns, link }] of machines.entries()) {
    await ip('netns', 'add', ns);
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns);
    await ip('link', 'set', link, 'master', bridge, 'up');
    await ip('-n', ns, 'addr', 'add', `10.177.7.${at + 1}/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) await ip('-n', ns, 'link', 'set', device, 'up');
    await ip('-n', ns, 'route', 'add', 'default', 'via', '10.177.7.254');
  }
});

afterAll(async () => {
  for (const { ns } of machines) await ip('netns', 'del', ns);
  await ip('link', 'del', bridge);
});

describe.each(['embedded', 'etcd'])('machines that join, store %s', (store) => {
  const root = mkdtempSync(join(tmpdir(), 'berth-join-'));
  const running: ChildProcess[] = [];

  const enter = (machine: Machine) => [`--net=/run/netns/${machine.ns}`, '--'];
  const environment = { ...process.env, BERTH_HOME: join(root, 'server'), NODE_OPTIONS: '' };

  function start(machine: Machine, ...args: string[]): void {
    const log = openSync(join(root, `${machine.name}.log`), 'a');
    const argv = [...enter(machine), ...args];
    running.push(spawn('nsenter', argv, { stdio: ['ignore', log, log], env: environment }));
  }

  async function on(machine: Machine, ...argv: string[]): Promise<string> {
    return (await exec('nsenter', [...enter(machine), ...argv], { env: environment })).stdout.trim();
  }

  const kubectl = (...args: string[]) =>
    on(server, 'kubectl', '--kubeconfig', join(root, 'server/kubeconfig'), ...args);

  async function until(what: string, check: () => Promise<boolean>): Promise<void> {
    const deadline = systemClock.monotonic() + readyMsMax;
    while (!(await check().catch(() => false))) {
      if (systemClock.monotonic() > deadline) throw new Error(`waited for ${what}: ${await logs()}`);
      await sleep(systemClock, 200);
    }
  }

  const logs = async () =>
    (await Promise.all(machines.map(({ name }) => readFile(join(root, `${name}.log`), 'utf8').catch(() => '')))).join(
      '',
    );

  const agentFolders = (machine: Machine) => [
    ...['--name', machine.name, '--home', join(root, machine.name), '--run', `/run/berth/${tag}/${machine.name}`],
    ...['--cgroup', `/berth-${tag}/${machine.name}`],
  ];

  beforeAll(async () => {
    const flags = store === 'etcd' ? ['--store', 'etcd=http://127.0.0.1:2379'] : [];
    // Its default ports are free: the namespace is the machine.
    if (store === 'etcd') start(server, 'etcd', '--data-dir', join(root, 'etcd'));
    start(server, process.execPath, berth, 'server', '--port', String(port), ...flags);
    await until('the control plane', async () => (await kubectl('get', '--raw', '/readyz')) !== '');
  }, testMsMax);

  afterAll(async () => {
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(running.map((child) => child.exitCode ?? new Promise((ended) => child.once('exit', ended))));
    for (const machine of [one, two])
      await on(machine, process.execPath, berth, 'agent', 'reset', ...agentFolders(machine));
    expect(await readdir('/run/berth')).not.toContain(tag);
    rmSync(root, { recursive: true });
  }, testMsMax);

  it(
    'refuses a wrong token and a wrong authority',
    async () => {
      const line = (await on(server, process.execPath, berth, 'token', 'create')).split(' ').slice(2);
      const forged = line.map((word) => (/^[a-z0-9]{6}\./.test(word) ? `${word.slice(0, 7)}0000000000000000` : word));
      const stranger = line.map((word) => (word.startsWith('sha256:') ? `sha256:${'0'.repeat(64)}` : word));
      for (const words of [forged, stranger]) {
        await expect(on(one, process.execPath, berth, 'agent', ...words, ...agentFolders(one))).rejects.toThrow();
      }
    },
    testMsMax,
  );

  it(
    'run pods that reach each other',
    async () => {
      const line = await on(server, process.execPath, berth, 'token', 'create');
      const flags = line.replace('berth agent ', '').split(' ');
      for (const machine of [one, two])
        start(machine, process.execPath, berth, 'agent', ...flags, ...agentFolders(machine));
      const ready = "{.items[*].status.conditions[?(@.type=='Ready')].status}";
      await until('two nodes', async () => (await kubectl('get', 'nodes', '-o', `jsonpath=${ready}`)) === 'True True');
      await kubectl('apply', '-f', manifest);
      await kubectl('rollout', 'status', 'deployment/hello', '--timeout', '30s');
      const pods = JSON.parse(await kubectl('get', 'pods', '-o', 'json')).items as Pod[];
      const [first, second] = [one, two].map(({ name }) => pods.find((pod) => pod.spec.nodeName === name)!);
      const ask = (url: string) => kubectl('exec', first!.metadata.name, '--', 'wget', '-qO-', url);
      expect(await ask(`http://${second!.status.podIP}:8080/`)).toContain(second!.metadata.name);
      expect(await ask('http://hello.default/')).toContain('hello from hello-');
    },
    testMsMax,
  );

  it(
    'keep their containers and their identity when their agents start again',
    async () => {
      const started = 'jsonpath={.items[*].status.containerStatuses[*].containerID}';
      const before = await kubectl('get', 'pods', '-o', started);
      const agents = running.splice(store === 'etcd' ? 2 : 1);
      for (const child of agents) child.kill('SIGKILL');
      for (const machine of [one, two]) {
        start(
          machine,
          process.execPath,
          berth,
          'agent',
          '--server',
          `https://10.177.7.1:${port}`,
          ...agentFolders(machine),
        );
      }
      await sleep(systemClock, 3000);
      expect(await kubectl('get', 'pods', '-o', started)).toBe(before);
      expect(await kubectl('exec', 'deployment/hello', '--', 'hostname')).toContain('hello-');
    },
    testMsMax,
  );
});

interface Pod {
  metadata: { name: string };
  spec: { nodeName: string };
  status: { podIP: string };
}
