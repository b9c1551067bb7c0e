import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap, V1Container, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { type NodeAgent, startNodeAgent } from '../../libs/node/agent.ts';
import { MemoryCgroups } from '../../libs/node/cgroups/memory.ts';
import type { Measures } from '../../libs/node/eviction/pressure.ts';
import { type SimulatedOptions, SimulatedRuntime } from '../../libs/runtime/simulated/runtime.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeLink } from './fake-link.ts';

const stepMs = 250;
const stepsMax = 400;

export function podOf(name: string, spec: Partial<V1PodSpec> = {}, container: Partial<V1Container> = {}): V1Pod {
  return {
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, generation: 1 },
    spec: {
      containers: [{ name: 'c', image: 'example.com/app:1', ...container }],
      terminationGracePeriodSeconds: 1,
      ...spec,
    },
  };
}

/** A node whose runtime is simulated, in a directory and a time of its own. */
export class TestNode {
  readonly clock = new FakeClock();
  readonly link = new FakeLink();
  readonly cgroups = new MemoryCgroups();
  readonly directory = mkdtempSync(join(tmpdir(), 'berth-node-'));
  readonly pods = this.link.mirror<V1Pod>('pods');
  readonly configMaps = this.link.mirror<V1ConfigMap>('configmaps');
  runtime: SimulatedRuntime;
  agent: NodeAgent | undefined;
  /** How full the node is. */
  measures: Measures = {
    memory: { totalBytes: 2 ** 30, availableBytes: 2 ** 30 },
    volumes: { totalBytes: 2 ** 40, availableBytes: 2 ** 40 },
    images: undefined,
  };

  constructor(options: Partial<SimulatedOptions> = {}) {
    this.runtime = new SimulatedRuntime({ clock: this.clock, ...options });
  }

  async start(link = this.link): Promise<void> {
    this.agent = await startNodeAgent({
      link,
      runtime: this.runtime,
      clock: this.clock,
      random: seededRandom(1),
      paths: { pods: this.path('pods'), memory: this.path('memory'), logs: this.path('logs') },
      cgroups: { parent: '/n1', tree: this.cgroups },
      systemLogs: this.path('var-log'),
      measures: () => this.measures,
      node: { name: 'n1', ips: ['192.168.0.1'], cpuMillis: 2000, memoryBytes: 2 ** 30, podsMax: 10 },
      dns: { servers: ['10.96.0.10'], domain: 'cluster.local', resolvConf: '/dev/null' },
    });
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** Lets time pass until the condition holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let step = 0; step < stepsMax; step++) {
      if (await condition()) return;
      await sleep(systemClock, 1);
      await this.clock.advance(step % 4 === 0 ? stepMs : 0);
    }
    throw new Error(`never came true: ${what}`);
  }

  status(name: string) {
    return this.link.statuses.get(`uid-${name}`);
  }

  container(name: string) {
    return this.status(name)?.containerStatuses?.[0];
  }

  running(name: string): Promise<void> {
    return this.until(
      `${name} runs`,
      () => this.status(name)?.phase === 'Running' && this.container(name)?.state?.running !== undefined,
    );
  }

  delete(name: string): void {
    const pod = this.pods.get(`ns/${name}`);
    const deletionTimestamp = new Date(this.clock.now()).toISOString();
    if (pod) this.pods.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 1 } });
  }

  /** Nothing of any pod is left on the node. */
  async clean(): Promise<boolean> {
    const files = ['pods', 'memory', 'logs'].flatMap((directory) => readdirSync(this.path(directory)));
    const groups = [...this.cgroups.groups.keys()].filter((path) => path.includes('/pod'));
    const runs = [...(await this.runtime.listSandboxes()), ...(await this.runtime.listContainers())];
    return files.length + groups.length + runs.length === 0;
  }

  async stop(): Promise<void> {
    await this.agent?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
