import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { StatusError } from '../base/status.ts';
import type { ClusterRanges } from './ranges.ts';

/** What a cluster remembers between starts. */
export interface ClusterConfig {
  port: number;
  nodes: number;
  ranges: ClusterRanges;
  /** CPUs and bytes per node when given on the command line; divided evenly when absent. */
  nodeCpus?: number;
  nodeMemoryBytes?: number;
  /** `embedded` or `etcd=URL[,URL]`. */
  store: string;
}

/** The paths below BERTH_HOME. */
export interface Home {
  path: string;
  config: string;
  kubeconfig: string;
  pki: string;
  store: string;
  images: string;
  logs: string;
  registries: string;
  run: string;
  upLock: string;
  serverLock: string;
  node(name: string): string;
}

export function homeAt(path: string): Home {
  const at = (name: string) => join(path, name);
  return {
    path,
    config: at('config.json'),
    kubeconfig: at('kubeconfig'),
    pki: at('pki'),
    store: at('store'),
    images: at('images'),
    logs: at('logs'),
    registries: at('registries'),
    run: at('run'),
    upLock: at('run/up.json'),
    serverLock: at('run/server.json'),
    node: (name) => join(path, 'nodes', name),
  };
}

/** `$BERTH_HOME`, else ~/.berth. */
export function homeFrom(environment: Record<string, string | undefined>): Home {
  const chosen = environment.BERTH_HOME;
  return homeAt(resolve(chosen !== undefined && chosen !== '' ? chosen : join(homedir(), '.berth')));
}

/** The configuration of an earlier start; undefined before the first. @throws StatusError when it cannot be read. */
export async function loadConfig(home: Home): Promise<ClusterConfig | undefined> {
  const text = await readFile(home.config, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new StatusError('InternalError', `cannot read ${home.config}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ClusterConfig;
  } catch (error) {
    throw new StatusError('Invalid', `${home.config} is not JSON; mend it or remove it`, { cause: error });
  }
}

/** Replaces the configuration; a kill at any moment leaves the old or the new one. */
export async function saveConfig(home: Home, config: ClusterConfig): Promise<void> {
  await writeWhole(home.config, `${JSON.stringify(config, null, 2)}\n`);
}

/** Writes a file for its owner's eyes only, on disk before it takes its name. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** Makes BERTH_HOME, which holds keys, for its owner only. */
export async function makeHome(home: Home): Promise<void> {
  await mkdir(home.path, { recursive: true, mode: 0o700 });
  await Promise.all([home.run, home.logs, home.images].map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
}
