import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { killTree, removeTree } from './cgroup-tree.ts';
import { hierarchies } from './cgroups.ts';
import type { NodeLayout } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import type { NodeContext } from './node.ts';
import { recordOf, terminate } from './process-record.ts';

const stopMs = 5_000;

/**
 * Removes what a node with a private containerd has on a machine of its own: containers, shims, containerd, mounts,
 * cgroups and files. The machine's network namespace stays as it is, except for the service rules and the tunnel.
 */
export async function resetNode(layout: NodeLayout, cgroup: string, context: NodeContext): Promise<void> {
  const { machine, cgroups, clock } = context;
  await killTree(cgroups, cgroup, clock);
  // Containerd and its shims name the node's folder in their command lines.
  for (const pid of await processesNaming(layout.run)) {
    const record = await recordOf(pid);
    if (record !== undefined && pid !== process.pid) await terminate(record, stopMs, clock);
  }
  await unmountBelow(machine, layout.run);
  await unmountBelow(machine, layout.home);
  await removeTree(cgroups, cgroup);
  await machine.run(['nft', 'delete', 'table', 'ip', 'berth']).catch(() => {});
  await machine.run(['ip', 'link', 'del', 'berth.vxlan']).catch(() => {});
  await machine.remove(layout.run);
  await machine.remove(layout.home);
  // The folders above are shared with other nodes of the same cluster: only empty ones go.
  const above = [dirname(layout.run), ...hierarchies(cgroups).map((mount) => join(mount, dirname(cgroup)))];
  await Promise.all(above.map((folder) => rmdir(folder).catch(() => {})));
}

/** The ids of processes one of whose arguments is `folder` or lies below it. */
async function processesNaming(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const named = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      return line.split('\0').some((word) => word === folder || word.startsWith(`${folder}/`));
    }),
  );
  return pids.filter((_, at) => named[at]).map(Number);
}
