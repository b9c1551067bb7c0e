// A one-node cluster on a machine with cgroup v2 alone, whatever this machine has: Debian's kernel for user mode runs
// as a process, with this machine's files below it for reading and everything that is written in memory.
//   npm run test:cgroup-v2        needs root, apt and the build; takes three to six minutes
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'berth-cgroup-v2-'));
const guestMegabytes = 4000;
const runMsMax = 900_000;
const wantedModules = ['overlay', 'veth', 'bridge', 'br_netfilter', 'nf_conntrack', 'vxlan', 'dummy'];

/** The kernel and its modules, from Debian's package, installed nowhere. */
function unpackKernel() {
  execFileSync('apt-get', ['download', 'user-mode-linux'], { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
  const archive = readdirSync(scratch).find((name) => name.endsWith('.deb'));
  execFileSync('dpkg', ['-x', join(scratch, archive), join(scratch, 'kernel')]);
  return join(scratch, 'kernel/usr/bin/linux.uml');
}

/** Paths of the modules and of all that they need, in the order in which they load. */
function modulePaths() {
  const folder = join(scratch, 'kernel/usr/lib/uml/modules');
  const named = (path) => basename(path, '.ko').replaceAll('-', '_');
  const files = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.ko'));
  const byName = new Map(files.map((path) => [named(path), join(folder, path)]));
  const loaded = new Set();
  const visit = (name) => {
    const path = byName.get(name);
    if (path === undefined || loaded.has(path)) return;
    const [, depends = ''] = /\0depends=([^\0]*)\0/.exec(readFileSync(path, 'latin1')) ?? [];
    for (const other of depends.split(',').filter(Boolean)) visit(other.replaceAll('-', '_'));
    loaded.add(path);
  };
  for (const name of wantedModules) visit(name);
  return [...loaded];
}

function boot(kernel, init) {
  const disk = ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro'];
  const argv = [`mem=${guestMegabytes}M`, ...disk, `init=${init}`, 'con=null', 'con0=fd:0,fd:1', 'quiet'];
  const child = spawn(kernel, argv, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: scratch } });
  const timer = setTimeout(() => child.kill('SIGKILL'), runMsMax);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve) => {
    child.once('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}

try {
  const kernel = unpackKernel();
  const settings = {
    NODE_FOLDER: join(process.execPath, '..'),
    BERTH: `${process.execPath} ${join(root, 'dist/apps/cli/main.js')}`,
    MODULES: modulePaths().join(' '),
    PODS: join(import.meta.dirname, 'pods.yaml'),
  };
  const exported = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'\n`);
  const init = join(scratch, 'init');
  const guest = join(import.meta.dirname, 'guest.sh');
  writeFileSync(init, `#!/bin/bash\n${exported.join('')}exec bash '${guest}'\n`, { mode: 0o755 });
  const lines = (await boot(kernel, init)).split(/\r?\n/);
  const passed = lines.filter((line) => line.startsWith('ok ')).length;
  const failed = lines.filter((line) => line.startsWith('not ok ')).length + Number(!lines.includes('end of checks'));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
