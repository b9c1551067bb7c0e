import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { homeFrom } from '../../../libs/provision/home.ts';
import { clusterIdOf, clusterNames } from '../../../libs/provision/names.ts';
import { Api } from '../api.ts';
import type { LocalCluster } from '../cluster.ts';
import { type Command, say } from '../command.ts';
import { askControl } from '../control.ts';

type Description = ReturnType<LocalCluster['describe']>;

interface NodeList {
  items?: Array<{
    metadata: { name: string };
    status?: { conditions?: Array<{ type: string; status: string }>; addresses?: Array<{ address: string }> };
  }>;
}

const mebibyte = 2 ** 20;
const notRunningExitCode = 3;

export const status: Command = {
  usage: `berth status: shows the cluster of this home; exit code 3 when it does not run

  --json   for programs
`,
  async run(argv) {
    const { values } = parseArgs({ args: [...argv], options: { json: { type: 'boolean', default: false } } });
    const home = homeFrom(process.env);
    const { runDirectory } = clusterNames(clusterIdOf(home.path));
    const answer = await askControl(join(runDirectory, 'up.sock'), '/status');
    if (answer === undefined) {
      say(values.json ? '{}' : `no cluster runs from ${home.path}`);
      return notRunningExitCode;
    }
    const cluster = answer as unknown as Description;
    if (values.json) {
      say(JSON.stringify(cluster, null, 2));
      return 0;
    }
    const readiness = await readReadiness(home.kubeconfig);
    say(`cluster ${cluster.clusterId} in ${home.path}`);
    say(`API     https://127.0.0.1:${cluster.port} (process ${cluster.server ?? 'not running'})`);
    say('');
    for (const row of table(cluster, readiness)) say(row);
    return 0;
  },
};

async function readReadiness(kubeconfig: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  try {
    const api = await Api.from(kubeconfig);
    const { items = [] } = (await api.ask('GET', '/api/v1/nodes')) as NodeList;
    for (const node of items) {
      const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
      found.set(node.metadata.name, ready === 'True' ? 'Ready' : 'NotReady');
    }
    api.close();
  } catch {
    // The table says "unknown": the control plane may just be starting again.
  }
  return found;
}

function table(cluster: Description, readiness: Map<string, string>): string[] {
  const rows = cluster.nodes.map((node) => [
    node.name,
    node.stopped ? 'stopped' : (readiness.get(node.name) ?? 'unknown'),
    String(node.share.cpus),
    `${Math.floor(node.share.memoryBytes / mebibyte)}Mi`,
    String(node.agent ?? '-'),
    String(node.containerd ?? '-'),
  ]);
  const all = [['NODE', 'STATUS', 'CPUS', 'MEMORY', 'AGENT', 'CONTAINERD'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('   ')
      .trimEnd(),
  );
}
