import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ClusterConfig } from '../../libs/provision/home.ts';
import { nodesMax } from '../../libs/provision/ranges.ts';
import { isStoreChoice, storeChoiceHint } from '../../libs/provision/store-choice.ts';
import { UsageError } from './command.ts';
import { parseCount, parseCpus, parseMemory } from './sizes.ts';

export const upUsage = `berth up: starts a cluster on this machine and keeps it running until Ctrl-C

  --detach           return once it is ready and leave it running
  --nodes N          nodes (as before, or 3)
  --node-cpus C      CPUs of each node, such as 2 or 500m (as before, or this machine's divided)
  --node-memory M    memory of each node, such as 2Gi (as before, or this machine's divided)
  --store WHAT       embedded, or etcd=URL[,URL] (as before, or embedded)
  --port P           HTTPS port of the API; node sessions are one above (as before, or 6443)
  --apply FILE       apply a manifest once the nodes are ready, and wait for its Deployments
  --cluster-secret-file FILE, --token-auth-file FILE, --audit-policy-file FILE, --audit-log-path FILE,
  --audit-log-maxsize MB, --audit-log-maxbackup N   as of berth server
  --config FILE      the scheduler's profiles (docs/scheduling.md)
  --default-toleration SECONDS  how long pods stay on a node that is gone (300)
`;

export interface UpFlags {
  detach: boolean;
  apply: string | undefined;
  /** What the command line says; the rest is as before or by default. */
  config: Partial<Omit<ClusterConfig, 'ranges'>>;
  /** Flags handed to the control plane as they are. */
  serverFlags: string[];
}

const portBounds = { min: 1, max: 65_534 };

const flags = {
  detach: { type: 'boolean', default: false },
  nodes: { type: 'string' },
  'node-cpus': { type: 'string' },
  'node-memory': { type: 'string' },
  store: { type: 'string' },
  port: { type: 'string' },
  apply: { type: 'string' },
  config: { type: 'string' },
  'default-toleration': { type: 'string' },
  'cluster-secret-file': { type: 'string' },
  'token-auth-file': { type: 'string' },
  'audit-policy-file': { type: 'string' },
  'audit-log-path': { type: 'string' },
  'audit-log-maxsize': { type: 'string' },
  'audit-log-maxbackup': { type: 'string' },
} as const;

/** What the control plane understands by itself. */
const handedOn = [
  'config',
  'default-toleration',
  'cluster-secret-file',
  'token-auth-file',
  'audit-policy-file',
  'audit-log-path',
  'audit-log-maxsize',
  'audit-log-maxbackup',
] as const;
/** It may run in another folder. */
const ofFiles: ReadonlySet<string> = new Set([
  'config',
  'cluster-secret-file',
  'token-auth-file',
  'audit-policy-file',
  'audit-log-path',
]);

/** @throws UsageError */
export function parseUpFlags(argv: readonly string[]): UpFlags {
  const values = parse(argv);
  const config: UpFlags['config'] = {};
  if (values.nodes !== undefined) config.nodes = parseCount('--nodes', values.nodes, { min: 1, max: nodesMax });
  if (values.port !== undefined) config.port = parseCount('--port', values.port, portBounds);
  if (values.store !== undefined) config.store = store(values.store);
  if (values['node-cpus'] !== undefined) config.nodeCpus = parseCpus('--node-cpus', values['node-cpus']);
  if (values['node-memory'] !== undefined) config.nodeMemoryBytes = parseMemory('--node-memory', values['node-memory']);
  const serverFlags = handedOn.flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    return [`--${name}`, ofFiles.has(name) && value !== '-' ? resolve(value) : value];
  });
  return { detach: values.detach, apply: values.apply, config, serverFlags };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function store(text: string): string {
  if (!isStoreChoice(text)) throw new UsageError(`--store ${text}: ${storeChoiceHint}`);
  return text;
}
