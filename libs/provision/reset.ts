import { readdir, readFile, readlink, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, sleep } from '../base/clock.ts';
import { killTree, removeTree } from './cgroup-tree.ts';
import { hierarchies } from './cgroups.ts';
import type { NodeLayout } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import type { NodeContext } from './node.ts';
import { recordOf, terminate } from './process-record.ts';

const stopMs = 5_000;
/** After this, what comes again and again is left to whoever resets the node. */
const endMsMax = 30_000;
/** What a private containerd runs as, itself included; those in containers end with the node's cgroups. */
const runtimePrograms = /^(containerd|containerd-shim(-.+)?|runc|crun)$/;
/** The node's agent, whose command may have been killed without it. */
const agentProgram = /\/apps\/agent\/main\.js$/;

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
 * Ends the agent's and the runtime's processes one of whose arguments is `folder` or lies below it, and those that they start meanwhile: a
 * containerd that is told to end may be about to start one more shim. Of one that forks and ends between two looks at the
 * list of processes neither half may be seen, so that only two empty looks in a row show that there is none. The process
 * `self` and those that it was started by stay, whatever they name.
 * @throws Error naming the processes that are still there after 30 s.
 */
export async function endProcessesNaming(folder: string, clock: Clock, self = process.pid): Promise<void> {
  const spared = await withAncestors(self);
  const deadlineMs = clock.monotonic() + endMsMax;
  for (let emptyLooks = 0; emptyLooks < 2; ) {
    const pids = (await processesNaming(folder)).filter((pid) => !spared.has(pid));
    const records = (await Promise.all(pids.map(recordOf))).filter((record) => record !== undefined);
    emptyLooks = records.length === 0 ? emptyLooks + 1 : 0;
    if (records.length > 0 && clock.monotonic() >= deadlineMs) {
      throw new Error(`processes of ${folder} do not end: ${records.map(({ pid }) => pid).join(', ')}`);
    }
    const ending = Promise.all(records.map((record) => terminate(record, stopMs, clock)));
    // One that the kernel does not let go, as it waits for a disk, is not waited for without end.
    await Promise.race([ending, untilMs(deadlineMs, clock, ending)]);
  }
}

/** The process and all those that it descends from. */
async function withAncestors(pid: number): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  for (let next = pid; next > 0 && !found.has(next); ) {
    found.add(next);
    const status = await readFile(`/proc/${next}/status`, 'utf8').catch(() => '');
    next = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? 0);
  }
  return found;
}

/** Resolves at a time of the monotonic clock, or sooner once `work` is done. */
async function untilMs(atMs: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  const abort = new AbortController();
  const done = () => abort.abort(new Error('done'));
  work.then(done, done);
  await sleep(clock, Math.max(0, atMs - clock.monotonic()), abort.signal).catch(() => {});
}

/** The ids of the agent's and the runtime's processes one of whose arguments is `folder` or lies below it. */
async function processesNaming(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const named = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      const words = line.split('\0');
      if (!words.some((word) => word === folder || word.startsWith(`${folder}/`))) return false;
      if (agentProgram.test(words[1] ?? '')) return true;
      // A program that was replaced as it runs has a sign of that behind its path.
      const program = await readlink(join('/proc', pid, 'exe')).catch(() => '');
      return runtimePrograms.test(basename(program.replace(/ \(deleted\)$/, '')));
    }),
  );
  return pids.filter((_, at) => named[at]).map(Number);
}
