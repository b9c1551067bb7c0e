import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { busyboxImage } from '../../libs/images/catalogue.ts';
import { ctr } from '../../libs/provision/containerd.ts';
import { homeAt } from '../../libs/provision/home.ts';
import { nodeLayout } from '../../libs/provision/layout.ts';
import { thisMachine } from '../../libs/provision/machine.ts';
import { clusterIdOf, nodeNames } from '../../libs/provision/names.ts';

const exec = promisify(execFile);
const berth = join(process.env.BERTH_DIST ?? join(import.meta.dirname, '../../dist'), 'apps/cli/main.js');
const apiPort = 16_670;
const registryPort = 16_675;
const testMsMax = 120_000;

describe('images from a registry', () => {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'berth-registry-')));
  const environment = { ...process.env, BERTH_HOME: home.path, KUBECONFIG: home.kubeconfig, NODE_OPTIONS: '' };
  const run = (program: string, ...args: string[]) => exec(program, args, { env: environment });
  const kubectl = async (...args: string[]) => (await run('kubectl', ...args)).stdout.trim();
  const layout = nodeLayout(home.node('node-1'), nodeNames(clusterIdOf(home.path), 1).runDirectory);
  let registry: ChildProcess;
  let address = '';
  let digest = '';

  /** Says where containerd finds a registry's images; it reads this at each pull. */
  function configure(host: string): void {
    mkdirSync(join(home.registries, host), { recursive: true });
    const text = `server = "http://${address}"\n[host."http://${address}"]\n  capabilities = ["pull", "resolve"]\n`;
    writeFileSync(join(home.registries, host, 'hosts.toml'), text);
  }

  beforeAll(async () => {
    const config = join(home.path, 'registry.yml');
    const storage = { filesystem: { rootdirectory: join(home.path, 'registry') } };
    writeFileSync(config, JSON.stringify({ version: 0.1, storage, http: { addr: `0.0.0.0:${registryPort}` } }));
    registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    await run(process.execPath, berth, 'up', '--detach', '--nodes', '1', '--port', `${apiPort}`);
    const nodeIp = await kubectl('get', 'node', 'node-1', '-o', 'jsonpath={.status.addresses[0].address}');
    address = `${nodeIp.replace(/\d+$/, '1')}:${registryPort}`;
    for (let up = false; !up; await sleep(systemClock, 50)) {
      up = await fetch(`http://127.0.0.1:${registryPort}/v2/`).then(
        (answer) => answer.ok,
        () => false,
      );
    }
    // Pushed from the host: the client's address of the registry decides the name, the path is what is kept.
    for (const path of ['tools/busybox:1', 'library/ubuntu:14.04']) {
      const name = `127.0.0.1:${registryPort}/${path}`;
      await ctr(thisMachine, layout, ['images', 'tag', busyboxImage, name]);
      await ctr(thisMachine, layout, ['images', 'push', '--plain-http', name]);
      await ctr(thisMachine, layout, ['images', 'rm', name]);
    }
    const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
    const manifest = await fetch(`http://127.0.0.1:${registryPort}/v2/tools/busybox/manifests/1`, { headers });
    digest = manifest.headers.get('docker-content-digest') ?? '';
    configure(address);
    configure('docker.io');
  }, testMsMax);

  afterAll(async () => {
    await run(process.execPath, berth, 'down', '--purge');
    registry.kill();
    rmSync(home.path, { recursive: true, force: true });
  }, testMsMax);

  it.each([
    { name: 'tag', image: () => `${address}/tools/busybox:1` },
    { name: 'digest', image: () => `${address}/tools/busybox@${digest}` },
    { name: 'mirror', image: () => 'ubuntu:14.04' },
  ])(
    'runs a pod whose image is named by $name',
    async ({ name, image }) => {
      await kubectl('run', name, '--image', image(), '--image-pull-policy', 'Always', '--', 'sleep', '1000');
      await kubectl('wait', '--for', 'condition=Ready', `pod/${name}`, '--timeout', '60s');
      const pod = JSON.parse(await kubectl('get', 'pod', name, '-o', 'json'));
      expect(pod.status.containerStatuses[0].imageID).toContain(digest);
      expect(await kubectl('get', 'events', '--field-selector', `involvedObject.name=${name},reason=Pulled`)).toContain(
        'Successfully pulled image',
      );
    },
    testMsMax,
  );

  it(
    'says why an image cannot be pulled',
    async () => {
      await kubectl('run', 'absent', '--image', `${address}/tools/none:1`);
      for (let reason = ''; !/ErrImagePull|ImagePullBackOff/.test(reason); await sleep(systemClock, 200)) {
        reason = await kubectl('get', 'pod', 'absent', '-o', 'jsonpath={..state.waiting.reason}');
      }
      const events = await kubectl('get', 'events', '--field-selector', 'involvedObject.name=absent');
      expect(events).toMatch(/tools\/none:1.*not found/);
    },
    testMsMax,
  );
});
