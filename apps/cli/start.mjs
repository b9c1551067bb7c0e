#!/usr/bin/env node
// `npm start` in a fresh clone: installs, builds, checks the machine and starts a cluster with the example.
// Plain Node without dependencies, since nothing is installed when it runs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeIsNewEnough, packagesAreStale } from './start-checks.mjs';

const root = join(import.meta.dirname, '../..');
const inRoot = (...parts) => join(root, ...parts);
const buildStamp = inRoot('dist/.stamp');
const aptTimeoutMs = 600_000;
const servicePolicy = '/usr/sbin/policy-rc.d';

class StartError extends Error {}

/** Shows one step and how long it took. */
function step(text, work) {
  const since = performance.now();
  const note = work();
  const took = ((performance.now() - since) / 1000).toFixed(2);
  console.log(`  ✓ ${`${text}${note ? ` (${note})` : ''}`.padEnd(52)} ${took} s`);
}

/** Runs a command; its output is shown only when it fails. */
function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', stdio: 'pipe', ...options });
  if (result.status === 0) return result.stdout;
  const said = result.error ? result.error.message : `${result.stdout}${result.stderr}`.trim();
  throw new StartError(`${program} ${args.join(' ')} failed:\n${said}`);
}

function installPackages() {
  const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);
  if (!packagesAreStale(read(inRoot('package-lock.json')), read(inRoot('node_modules/.package-lock.json')))) {
    return 'as in the lock file';
  }
  console.log('    npm ci --ignore-scripts ...');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  return 'installed';
}

/** One hash over the name, size and time of everything that the build reads. */
function sourceStamp() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(inRoot(path));
    if (!stat.isDirectory()) hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
    else for (const name of readdirSync(inRoot(path)).sort()) visit(join(path, name));
  };
  for (const path of ['apps', 'libs', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) visit(path);
  return hash.digest('hex');
}

function build() {
  const stamp = sourceStamp();
  if (existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === stamp) return 'up to date';
  rmSync(inRoot('dist'), { recursive: true, force: true });
  run(process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  writeFileSync(buildStamp, stamp);
  return 'built';
}

async function checkSystem() {
  const { missingPackages } = await import(inRoot('dist/libs/provision/prerequisites.js'));
  const missing = missingPackages(existsSync);
  if (missing.length === 0) return;
  const line = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new StartError(`missing: ${missing.join(', ')}. On Debian or Ubuntu: ${line}`);
  }
  step(`installed ${missing.join(', ')}`, () => aptInstall(missing));
  const still = missingPackages(existsSync);
  if (still.length > 0) throw new StartError(`still missing after installing: ${still.join(', ')}. Run: ${line}`);
}

/**
 * Installs packages without starting their services: Berth runs containerd instances of its own and has no use for
 * the system's. Debian's policy-rc.d is the documented way to say so; a policy that stands already is left alone.
 */
function aptInstall(packages) {
  const ownPolicy = !existsSync(servicePolicy);
  if (ownPolicy) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => run('apt-get', ['-qq', ...args], { env, timeout: aptTimeoutMs });
  const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
  try {
    try {
      install();
    } catch {
      // The lists of a fresh machine may be empty or old.
      apt('update');
      install();
    }
  } catch (error) {
    throw new StartError(`${error.message}\nInstall by hand: apt-get install -y ${packages.join(' ')}`);
  } finally {
    if (ownPolicy) rmSync(servicePolicy, { force: true });
  }
}

function up(args) {
  const argv = ['dist/apps/cli/main.js', 'up', '--apply', 'deploy/examples/hello.yaml', ...args];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the cluster stops in order and this waits for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function main(args) {
  if (!nodeIsNewEnough(process.versions.node)) {
    throw new StartError(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  }
  if (process.platform !== 'linux') throw new StartError(`nodes run on Linux; this is ${process.platform}`);
  if (process.getuid() !== 0)
    throw new StartError('must run as root (nodes are network namespaces and cgroups): sudo npm start');
  console.log('berth: getting ready');
  step('npm packages', installPackages);
  step('build', build);
  await checkSystem();
  return up(args);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(`berth: ${error instanceof StartError ? error.message : error.stack}`);
    process.exit(1);
  },
);
