import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { type Clock, sleep } from '../base/clock.ts';
import { StatusError } from '../base/status.ts';
import { containerdConfig, mayLowerOomScore } from './containerd-config.ts';
import type { NodeLayout } from './layout.ts';
import type { Machine } from './machine.ts';

const readyPollMs = 10;
const readyTimeoutMs = 20_000;
const importTimeoutMs = 120_000;
/** Debian's folder first, then the one that upstream packages use. */
const cniBinDirs = ['/usr/lib/cni', '/opt/cni/bin'];

/** Writes what containerd reads at start and makes its folders. */
export async function prepareContainerd(
  machine: Machine,
  layout: NodeLayout,
  options: { sandboxImage: string; registryDirectory: string; snapshotter?: 'overlayfs' | 'native' },
): Promise<void> {
  const config = containerdConfig({
    ...options,
    layout,
    cniBinDir: findCniBinDir(),
    mayLowerOomScore: mayLowerOomScore(await machine.read('/proc/self/status')),
    snapshotter: options.snapshotter ?? 'overlayfs',
  });
  const folders = [layout.containerdRoot, layout.containerdState, layout.cniConfDir, layout.ipamDir];
  await Promise.all([...folders, options.registryDirectory].map((path) => machine.makeDirectory(path)));
  // Volumes and images of every pod are below: not for other users of the machine.
  await chmod(dirname(layout.containerdRoot), 0o700);
  await machine.write(layout.containerdConfig, config);
}

/** The folder of the CNI plugins. @throws StatusError when none of the known ones has them. */
export function findCniBinDir(exists: (path: string) => boolean = existsSync): string {
  const found = cniBinDirs.find((path) => exists(`${path}/ptp`));
  if (found === undefined) {
    throw new StatusError('ServiceUnavailable', `no CNI plugins in ${cniBinDirs.join(' or ')}`);
  }
  return found;
}

export function containerdCommand(layout: NodeLayout): string[] {
  return ['containerd', '--config', layout.containerdConfig];
}

/** Resolves when a socket accepts connections. @throws StatusError Timeout */
export async function socketReady(path: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + readyTimeoutMs;
  while (!(await accepts({ path }))) {
    if (clock.monotonic() > deadline) throw new StatusError('Timeout', `nothing answers on ${path}`);
    await sleep(clock, readyPollMs);
  }
}

/** Whether something accepts connections there now. */
export function accepts(where: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Gives containerd the images of an archive, unless its marker says that it has them. Resolves to whether it did. */
export async function importImages(
  machine: Machine,
  layout: NodeLayout,
  archive: { path: string; digest: string },
): Promise<boolean> {
  const marked = await machine.read(layout.imagesMarker).catch(() => '');
  if (marked === archive.digest) return false;
  await ctr(machine, layout, ['images', 'import', archive.path]);
  await machine.write(layout.imagesMarker, archive.digest);
  return true;
}

/** Runs containerd's own client in the namespace that Kubernetes-style pods live in. */
export function ctr(machine: Machine, layout: NodeLayout, args: readonly string[]): Promise<string> {
  const argv = ['ctr', '--address', layout.containerdSocket, '--namespace', 'k8s.io', ...args];
  return machine.run(argv, { timeoutMs: importTimeoutMs });
}
