import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { type CommandRunner, runCommand } from '../../libs/network/command.ts';
import type { HostPort } from '../../libs/network/nft-rules.ts';
import { ServiceRules } from '../../libs/network/service-rules.ts';
import type { ServicePort } from '../../libs/network/service-table.ts';

const exec = promisify(execFile);

// One network namespace plays the node, two more play pods behind veth pairs as the ptp plugin makes them.
const node = `berth-t${process.pid}`;
const pods = [1, 2].map((index) => ({ ns: `${node}p${index}`, ip: `10.244.0.${index + 1}`, link: `veth${index}` }));
const inNode: CommandRunner = (program, args, input) =>
  runCommand('ip', ['netns', 'exec', node, program, ...args], input);
const servers: ChildProcess[] = [];

async function addPod(pod: (typeof pods)[number]): Promise<void> {
  await exec('ip', ['netns', 'add', pod.ns]);
  await inNode('ip', ['link', 'add', pod.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.ns]);
  await inNode('ip', ['addr', 'add', '10.244.0.1/32', 'dev', pod.link]);
  await inNode('ip', ['link', 'set', pod.link, 'up']);
  await inNode('ip', ['route', 'add', pod.ip, 'dev', pod.link]);
  const inPod = (...args: string[]) => exec('ip', ['-n', pod.ns, ...args]);
  await inPod('link', 'set', 'lo', 'up');
  await inPod('addr', 'add', `${pod.ip}/32`, 'dev', 'eth0');
  await inPod('link', 'set', 'eth0', 'up');
  await inPod('route', 'add', '10.244.0.1', 'dev', 'eth0');
  await inPod('route', 'add', 'default', 'via', '10.244.0.1');
  const program = `
    const socket = require('dgram').createSocket('udp4');
    socket.on('message', (_, { port, address }) => socket.send('${pod.ip}', port, address)).bind(8080);
    require('net')
      .createServer((socket) => socket.end('${pod.ip} saw ' + socket.remoteAddress))
      .listen(8080, '0.0.0.0', () => console.log('up'))`;
  const server = spawn('ip', ['netns', 'exec', pod.ns, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  await new Promise((up) => server.stdout?.once('data', up));
}

/** What the server at `address` says to a client in `namespace`, or the code of the error. */
async function ask(namespace: string, address: string): Promise<string> {
  const [host, port] = address.split(':');
  const program = `
    const socket = require('net').connect({ host: '${host}', port: ${port}, timeout: 2000 });
    let text = '';
    socket.on('data', (data) => { text += data; });
    socket.on('end', () => console.log(text));
    socket.on('timeout', () => { console.log('timeout'); socket.destroy(); });
    socket.on('error', (error) => console.log(error.code));`;
  const { stdout } = await exec('ip', ['netns', 'exec', namespace, process.execPath, '-e', program]);
  return stdout.trim();
}

/** A UDP client on the node that keeps its port and asks ten times a second; `heard` answers what it was told last. */
function keepAsking(address: string): { heard: () => string; stop: () => void } {
  const [host, port] = address.split(':');
  const program = `
    const socket = require('dgram').createSocket('udp4');
    socket.on('message', (data) => console.log(data.toString())).on('error', () => {});
    setInterval(() => socket.send('?', ${port}, '${host}', () => {}), 100);`;
  const client = spawn('ip', ['netns', 'exec', node, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = '';
  client.stdout.on('data', (data: Buffer) => {
    last = data.toString().trim().split('\n').pop() ?? '';
  });
  return { heard: () => last, stop: () => client.kill() };
}

async function comesTrue(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 250; i++) {
    if (condition()) return;
    await new Promise((done) => systemClock.setTimer(20, () => done(undefined)));
  }
  throw new Error(`never came true: ${what}`);
}

describe('service rules in a real network namespace', () => {
  let ports: ServicePort[] = [];
  let hostPorts: HostPort[] = [];
  const rules = new ServiceRules({
    table: 'berth',
    clusterCidrs: ['10.244.0.0/16'],
    masqueradeCidrs: ['10.244.0.0/16'],
    masqueradeNodePorts: true,
    run: inNode,
    clock: systemClock,
    logger: silentLogger,
    ports: () => ports,
    hostPorts: () => hostPorts,
  });
  const web = (endpoints: string[], changes: Partial<ServicePort> = {}): ServicePort => ({
    key: 'default/web:http',
    protocol: 'tcp',
    port: 80,
    nodePort: 30080,
    clusterIps: ['10.96.0.7'],
    externalIps: [],
    endpoints: endpoints.map((ip) => ({ ip, port: 8080, nodeName: 'n1' })),
    localEndpoints: [],
    affinitySeconds: undefined,
    externalLocalOnly: false,
    internalLocalOnly: false,
    ...changes,
  });
  async function route(...next: ServicePort[]): Promise<void> {
    ports = next;
    rules.trigger();
    const wanted = next.flatMap((port) => port.endpoints.map((endpoint) => endpoint.ip));
    for (let i = 0; i < 100; i++) {
      const table = await inNode('nft', ['list', 'table', 'ip', 'berth']).catch(() => '');
      if (
        table.includes('chain prerouting') &&
        ['10.244.0.2', '10.244.0.3'].every((ip) => table.includes(`${ip} . ${ip}`) === wanted.includes(ip))
      )
        return;
      await new Promise((done) => systemClock.setTimer(20, () => done(undefined)));
    }
    throw new Error('the rules did not follow');
  }

  beforeAll(async () => {
    await exec('ip', ['netns', 'add', node]);
    await inNode('ip', ['link', 'set', 'lo', 'up']);
    await inNode('sh', [
      '-c',
      'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet',
    ]);
    // A way out, as every node has one: service addresses are translated on it.
    await inNode('ip', ['link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'away']);
    await inNode('ip', ['link', 'set', 'away', 'up']);
    await inNode('ip', ['addr', 'add', '192.0.2.2/24', 'dev', 'uplink']);
    await inNode('ip', ['link', 'set', 'uplink', 'up']);
    await inNode('ip', ['route', 'add', 'default', 'via', '192.0.2.1']);
    for (const pod of pods) await addPod(pod);
  });
  afterAll(async () => {
    await rules.stop({ remove: true });
    for (const server of servers) server.kill('SIGKILL');
    for (const ns of [node, ...pods.map((pod) => pod.ns)]) await exec('ip', ['netns', 'del', ns]);
  });

  it('spreads a service over its endpoints, from a pod and from the node', async () => {
    await route(web(['10.244.0.2', '10.244.0.3']));
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) seen.add((await ask(node, '10.96.0.7:80')).split(' ')[0] ?? '');
    expect([...seen].sort()).toEqual(['10.244.0.2', '10.244.0.3']);
    expect(await ask(pods[0]!.ns, '10.96.0.7:80')).toMatch(/^10\.244\.0\.[23] saw/);
  });

  it('shows pods of the same node the client as it is', async () => {
    await route(web(['10.244.0.3']));
    expect(await ask(pods[0]!.ns, '10.96.0.7:80')).toBe('10.244.0.3 saw 10.244.0.2');
  });

  it('lets a pod reach itself through its own service', async () => {
    await route(web(['10.244.0.2']));
    expect(await ask(pods[0]!.ns, '10.96.0.7:80')).toMatch(/^10\.244\.0\.2 saw/);
  });

  it('answers on node ports, the loopback included', async () => {
    await route(web(['10.244.0.2']));
    expect(await ask(node, '127.0.0.1:30080')).toMatch(/^10\.244\.0\.2 saw/);
    expect(await ask(pods[1]!.ns, '10.244.0.1:30080')).toMatch(/^10\.244\.0\.2 saw/);
  });

  it('leads the node and its pods to endpoints elsewhere when clients from outside are kept to the node', async () => {
    await route(web(['10.244.0.2'], { externalLocalOnly: true, externalIps: ['192.0.2.9'] }));
    for (const address of ['127.0.0.1:30080', '192.0.2.2:30080', '192.0.2.9:80']) {
      expect(await ask(node, address)).toBe('10.244.0.2 saw 10.244.0.1');
    }
    expect(await ask(pods[1]!.ns, '192.0.2.2:30080')).toBe('10.244.0.2 saw 10.244.0.3');
  });

  it('keeps a client with its endpoint while others come and go', async () => {
    await route(web(['10.244.0.2', '10.244.0.3'], { affinitySeconds: 60 }));
    const first = await ask(node, '10.96.0.7:80');
    for (let i = 0; i < 8; i++) expect(await ask(node, '10.96.0.7:80')).toBe(first);
    await route(
      web(['10.244.0.2', '10.244.0.3'], { affinitySeconds: 60 }),
      web(['10.244.0.2'], { key: 'x/y:', clusterIps: ['10.96.0.8'], nodePort: undefined }),
    );
    expect(await ask(node, '10.96.0.7:80')).toBe(first);
  });

  it('refuses at once when no endpoint is ready', async () => {
    await route(web([]));
    expect(await ask(pods[0]!.ns, '10.96.0.7:80')).toBe('ECONNREFUSED');
    expect(await ask(node, '10.96.0.7:80')).toBe('ECONNREFUSED');
  });

  it('sends host ports to their pod', async () => {
    hostPorts = [{ protocol: 'tcp', hostPort: 9090, hostIp: undefined, podIp: '10.244.0.3', containerPort: 8080 }];
    await route(web(['10.244.0.2', '10.244.0.3']));
    expect(await ask(node, '127.0.0.1:9090')).toMatch(/^10\.244\.0\.3 saw/);
  });

  it('lead a UDP client that keeps its port to another endpoint when its own goes', async () => {
    hostPorts = [];
    const [first, second] = [pods[0]!.ip, pods[1]!.ip];
    await route(web([first], { protocol: 'udp' }));
    const client = keepAsking('10.96.0.7:80');
    try {
      await comesTrue('the first answers', () => client.heard() === first);
      await route(web([second], { protocol: 'udp' }));
      await comesTrue('the second answers', () => client.heard() === second);
    } finally {
      client.stop();
    }
  });

  it('leaves no table behind', async () => {
    await rules.stop({ remove: true });
    expect(await inNode('nft', ['list', 'tables'])).toBe('');
  });
});
