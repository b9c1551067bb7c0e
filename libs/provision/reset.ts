import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
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
  await endProcessesNaming(layout.run, clock);
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

/**
 * Ends the processes one of whose arguments is `folder` or lies below it, and those that they start meanwhile: a containerd
 * that is told to end may be about to start one more shim. Of one that forks and ends between two looks at the list of
 * processes neither half may be seen, so that only two empty looks in a row show that there is none.
 */
export async function endProcessesNaming(folder: string, clock: Clock): Promise<void> {
  for (let emptyLooks = 0; emptyLooks < 2; ) {
    const pids = (await processesNaming(folder)).filter((pid) => pid !== process.pid);
    const records = (await Promise.all(pids.map(recordOf))).filter((record) => record !== undefined);
    emptyLooks = records.length === 0 ? emptyLooks + 1 : 0;
    await Promise.all(records.map((record) => terminate(record, stopMs, clock)));
  }
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
