import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { type CgroupLayout, parseCgroupLayout } from '../../libs/provision/cgroups.ts';
import { thisMachine } from '../../libs/provision/machine.ts';
import { missingKernelFeatures, missingPackages } from '../../libs/provision/prerequisites.ts';
import { CliError } from './command.ts';

const diskBytesMin = 512 * 2 ** 20;

/** @throws CliError unless nodes can be made here at all. */
export function checkUser(): void {
  if (process.platform !== 'linux') throw new CliError(`nodes run on Linux; this is ${process.platform}`);
  if (process.getuid?.() !== 0) {
    throw new CliError('must run as root: it makes network namespaces, cgroups and mounts. Try: sudo berth up');
  }
}

/** Checks what a cluster needs of its machine. @throws CliError that says what is missing and what to do. */
export async function checkMachine(home: string): Promise<CgroupLayout> {
  const missing = missingPackages(existsSync);
  if (missing.length > 0)
    throw new CliError(`missing: ${missing.join(', ')}. Run: apt-get install -y ${missing.join(' ')}`);
  await thisMachine.run(['modprobe', '-aq', 'overlay', 'br_netfilter']).catch(() => {});
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const lacks = missingKernelFeatures({
    filesystems: readFileSync('/proc/filesystems', 'utf8'),
    mountinfo,
    exists: existsSync,
  });
  await thisMachine.run(['nft', 'list', 'tables']).catch((error: Error) => {
    lacks.push(`nftables (module nf_tables), which carry services: ${error.message}`);
  });
  const layout = parseCgroupLayout(mountinfo);
  if (lacks.length > 0 || layout === undefined) throw new CliError(`this kernel lacks ${lacks.join('; and ')}`);
  await checkDisk(home);
  return layout;
}

async function checkDisk(path: string): Promise<void> {
  const disk = await statfs(path);
  const free = disk.bavail * disk.bsize;
  if (free >= diskBytesMin) return;
  const mebibytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;
  throw new CliError(`the disk of ${path} has ${mebibytes(free)} left; at least ${mebibytes(diskBytesMin)} are needed`);
}

/** @throws CliError that names the port and how to choose another. */
export async function checkPortsFree(port: number): Promise<void> {
  for (const candidate of [port, port + 1]) {
    const error = await tryListen(candidate);
    if (error === undefined) continue;
    const why = error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error.code})`;
    throw new CliError(`port ${candidate} ${why}; choose another with --port (it and the next one are used)`);
  }
}

function tryListen(port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(undefined)));
  });
}
