import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Api } from './api-client.ts';
import { BenchCluster } from './cluster.ts';
import { print, quantile, residentMegabytes } from './measure.ts';

const rounds = 5;
const nodes = 3;
const pods = '/api/v1/namespaces/default/pods';

interface PodList {
  items: Array<{ status?: { phase?: string; containerStatuses?: Array<{ containerID?: string; state?: object }> } }>;
}

/** A pod that is in the store before the cluster comes up: what a person who restarts a cluster waits for. */
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'first' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'c', image: 'localhost/berth/busybox:1', command: ['sleep', '100000'] }],
  },
};

/** The container that runs now; undefined when none does, or only the one of before, as the store still says. */
async function running(api: Api, before?: string): Promise<string | undefined> {
  const { items } = await api.send<PodList>('GET', pods);
  const [container] = items[0]?.status?.containerStatuses ?? [];
  return container?.state && 'running' in container.state && container.containerID !== before
    ? container.containerID
    : undefined;
}

async function untilRunning(api: Api, before?: string): Promise<string> {
  let container: string | undefined;
  while (container === undefined) container = await running(api, before);
  return container;
}

/** Resident memory of each of the cluster's processes, by the name of its pid file. */
function memory(home: string): Record<string, number> {
  const folder = join(home, 'run');
  const files = readdirSync(folder).filter((file) => file.endsWith('.pid'));
  return Object.fromEntries(
    files.map((file) => {
      const pid = readFileSync(join(folder, file), 'utf8').trim().split(/\s/)[0];
      let status = '';
      try {
        status = readFileSync(`/proc/${pid}/status`, 'utf8');
      } catch {
        // The process has gone; its memory counts as none.
      }
      return [file.replace('.pid', ''), residentMegabytes(status)];
    }),
  );
}

/** Times `berth up` on a home that has been up before, to the first container Running. */
async function main(): Promise<void> {
  const cluster = new BenchCluster(17_543);
  const took: number[] = [];
  try {
    cluster.up('--nodes', String(nodes));
    const first = new Api(cluster.home);
    await first.send('POST', pods, pod);
    let container = await untilRunning(first);
    first.close();
    for (let round = 0; round < rounds; round++) {
      cluster.down();
      const started = performance.now();
      cluster.up('--nodes', String(nodes));
      const api = new Api(cluster.home);
      container = await untilRunning(api, container);
      took.push(performance.now() - started);
      api.close();
    }
    const seconds = took.map((ms) => +(ms / 1000).toFixed(2));
    print({
      name: 'berth up to the first container running',
      runs: rounds,
      seconds: +(quantile(took, 0.5) / 1000).toFixed(2),
      all: seconds,
    });
    print({ name: 'resident memory', megabytes: memory(cluster.home) });
  } finally {
    cluster.remove();
  }
}

await main();
