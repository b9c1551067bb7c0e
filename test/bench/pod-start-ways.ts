import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Pod } from '../../libs/api/gen/types.ts';
import { containerConfigOf } from '../../libs/node/container.ts';
import { writeHosts } from '../../libs/node/hosts.ts';
import { PodPaths } from '../../libs/node/options.ts';
import { sandboxConfigOf } from '../../libs/node/sandbox.ts';
import type { CriRuntime } from '../../libs/runtime/cri/runtime.ts';
import type { Api } from './api-client.ts';

const image = 'localhost/berth/busybox:1';
const pods = '/api/v1/namespaces/default/pods';
const dns = { servers: ['10.96.0.10'], domain: 'cluster.local', resolvConf: '/etc/resolv.conf' };

/** One way to have a pod run, and to have it gone again. */
export interface Way {
  start(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** The pod that both ways start. */
function podNamed(name: string): V1Pod {
  const resources = { requests: { cpu: '5m', memory: '8Mi' }, limits: { memory: '64Mi' } };
  const container = { name: 'c', image, command: ['sleep', '1000'], resources };
  const spec = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, containers: [container] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

/** Create through the API until Running is seen on a watch. */
export class ThroughApi implements Way {
  private readonly waiting = new Map<string, { running?: () => void; gone?: () => void }>();
  private readonly stop: () => void;

  constructor(private readonly api: Api) {
    this.stop = api.watch<V1Pod>(`${pods}?watch=1`, (type, pod) => {
      const waiting = this.waiting.get(pod.metadata?.name ?? '');
      const { phase, containerStatuses } = pod.status ?? {};
      if (type === 'DELETED') waiting?.gone?.();
      else if (phase === 'Running' && containerStatuses?.every(({ state }) => state?.running)) waiting?.running?.();
    });
  }

  async start(name: string): Promise<void> {
    const running = new Promise<void>((done) => this.waiting.set(name, { running: done }));
    await this.api.send('POST', pods, podNamed(name));
    await running;
  }

  async remove(name: string): Promise<void> {
    const gone = new Promise<void>((done) => this.waiting.set(name, { gone: done }));
    await this.api.send('DELETE', `${pods}/${name}?gracePeriodSeconds=0`);
    await gone;
  }

  close(): void {
    this.stop();
  }
}

/**
 * The same pod straight on the nodes' containerds: the very requests that an agent makes of them, with nobody to plan,
 * store, watch or tell.
 */
export class StraightOnRuntime implements Way {
  private readonly started = new Map<string, { runtime: CriRuntime; sandbox: string }>();
  private readonly directory = mkdtempSync('/var/tmp/berth-raw-');
  private next = 0;

  constructor(private readonly runtimes: ReadonlyArray<{ runtime: CriRuntime; cgroup: string }>) {}

  async start(name: string): Promise<void> {
    const { runtime, cgroup } = this.runtimes[this.next++ % this.runtimes.length]!;
    const pod = podNamed(name);
    pod.metadata = { name, namespace: 'raw', uid: `raw-${name}` };
    const places = { pods: join(this.directory, 'pods'), logs: join(this.directory, 'logs'), memory: '' };
    const paths = new PodPaths(places, { name, namespace: 'raw', uid: `raw-${name}` });
    const cgroupParent = `${cgroup}/burstable/podraw-${name}`;
    // Without labels: an agent that reads its runtime anew must not take this for a pod of its own.
    const sandboxConfig = {
      ...sandboxConfigOf({ pod, attempt: 0, cgroupParent, logDirectory: paths.logs, dns }),
      labels: {},
    };
    const found = await runtime.imageStatus(image);
    if (!found) throw new Error(`${image} is not on the node`);
    const sandbox = await runtime.runSandbox(sandboxConfig, '');
    this.started.set(name, { runtime, sandbox });
    const { ips } = await runtime.sandboxStatus(sandbox);
    mkdirSync(paths.directory, { recursive: true });
    await writeHosts(paths.hostsFile, pod, ips, dns.domain);
    const config = await containerConfigOf({
      pod,
      container: pod.spec!.containers[0]!,
      restartCount: 0,
      image: found,
      environment: new Map(),
      paths,
      volumePath: () => undefined,
      node: { memoryBytes: 2 ** 30, cpuQuotaUs: () => 0 },
    });
    const container = { ...config, labels: {}, annotations: {} };
    await runtime.startContainer(await runtime.createContainer(sandbox, container, sandboxConfig));
  }

  async remove(name: string): Promise<void> {
    const { runtime, sandbox } = this.started.get(name)!;
    await runtime.stopSandbox(sandbox);
    await runtime.removeSandbox(sandbox);
  }

  close(): void {
    for (const { runtime } of this.runtimes) runtime.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
