import { parseArgs } from 'node:util';
import { homeFrom } from '../../libs/provision/home.ts';
import { isStoreChoice, storeChoiceHint } from '../../libs/provision/store-choice.ts';
import type { ServerOptions } from './options.ts';

export const serverUsage = `berth server: runs the control plane of a cluster, in the foreground

  --home DIR                 its data (BERTH_HOME, else ~/.berth)
  --port P                   HTTPS port; node sessions are one above (6443)
  --host IP                  address to listen on (all)
  --store WHAT               embedded, or etcd=URL[,URL] (embedded)
  --cluster-secret-file FILE what all servers over one etcd know; by it they share the cluster's keys through the store
  --advertise IP             address by which nodes and pods reach this server (that of the default route)
  --name NAME                another name or address for the certificate; may be repeated
  --pod-cidr CIDR            (10.244.0.0/16)
  --service-cidr CIDR        (10.96.0.0/16)
  --local-nodes A,B          nodes of this machine, which need no token to join
  --bridge NAME              bridge of the local nodes: services and pods answer on this machine too
  --config FILE              the scheduler's profiles (docs/scheduling.md)
  --controllers LIST         *,-NAME: all controllers but those named; without node-lifecycle every Node object counts
                             as a node that is ready (*)
  --token-auth-file FILE     tokens that are always good: lines of token,user,uid,"group,group"
  --audit-policy-file FILE   what is noted about which requests (audit.k8s.io/v1)
  --audit-log-path FILE      where it is noted, as lines of JSON; - for the standard output
  --audit-log-maxsize MB     begin a new file after this much (100; 0 never)
  --audit-log-maxbackup N    how many old files are kept (10; 0 all)
  --default-toleration SECONDS  how long pods stay on a node that is gone (300)
`;

/** A message for the person who typed the command. */
export class UsageError extends Error {}

const flags = {
  home: { type: 'string' },
  port: { type: 'string', default: '6443' },
  host: { type: 'string' },
  store: { type: 'string', default: 'embedded' },
  'cluster-secret-file': { type: 'string' },
  advertise: { type: 'string' },
  name: { type: 'string', multiple: true },
  'pod-cidr': { type: 'string', default: '10.244.0.0/16' },
  'service-cidr': { type: 'string', default: '10.96.0.0/16' },
  'local-nodes': { type: 'string', default: '' },
  bridge: { type: 'string' },
  config: { type: 'string' },
  controllers: { type: 'string', default: '*' },
  'default-toleration': { type: 'string' },
  'token-auth-file': { type: 'string' },
  'audit-policy-file': { type: 'string' },
  'audit-log-path': { type: 'string' },
  'audit-log-maxsize': { type: 'string', default: '100' },
  'audit-log-maxbackup': { type: 'string', default: '10' },
} as const;

const portMax = 65_534;

/** The options that a server's command line asks for. @throws UsageError */
export function parseServerFlags(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
): ServerOptions {
  const values = parse(argv);
  const seconds = values['default-toleration'];
  return {
    home: values.home ?? homeFrom(environment).path,
    port: wholeNumber('--port', values.port, portMax),
    host: values.host,
    store: storeChoice(values.store),
    clusterSecretFile: clusterSecretFile(values),
    advertiseAddress: values.advertise,
    names: values.name ?? [],
    podCidr: cidr('--pod-cidr', values['pod-cidr']),
    serviceCidr: cidr('--service-cidr', values['service-cidr']),
    localNodes: values['local-nodes'].split(',').filter((name) => name !== ''),
    bridge: values.bridge,
    tokenAuthFile: values['token-auth-file'],
    audit: audit(values),
    schedulerConfig: values.config,
    disabledControllers: disabledIn(values.controllers),
    defaultTolerationSeconds: seconds === undefined ? undefined : wholeNumber('--default-toleration', seconds, 1e9),
  };
}

function clusterSecretFile(values: ReturnType<typeof parse>): string | undefined {
  const file = values['cluster-secret-file'];
  if (file !== undefined && values.store === 'embedded') {
    throw new UsageError('--cluster-secret-file is for servers that share a store: give --store etcd=URL too');
  }
  return file;
}

function audit(values: ReturnType<typeof parse>): ServerOptions['audit'] {
  const { 'audit-policy-file': policyFile, 'audit-log-path': logPath } = values;
  if (policyFile === undefined && logPath === undefined) return undefined;
  if (policyFile === undefined || logPath === undefined) {
    throw new UsageError('--audit-policy-file and --audit-log-path go together');
  }
  const sizeMegabytesMax = wholeNumber('--audit-log-maxsize', values['audit-log-maxsize'], 1e6);
  const backupsMax = wholeNumber('--audit-log-maxbackup', values['audit-log-maxbackup'], 1e6);
  return { policyFile, logPath, sizeMegabytesMax, backupsMax };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The names in a list such as `*,-node-lifecycle`. */
function disabledIn(text: string): string[] {
  const [all, ...others] = text.split(',');
  const stray = others.find((each) => !/^-[a-z-]+$/.test(each));
  if (all !== '*' || stray !== undefined) {
    throw new UsageError(`--controllers ${text}: want * and then names with a minus, such as *,-node-lifecycle`);
  }
  return others.map((each) => each.slice(1));
}

function wholeNumber(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max || text === '') {
    throw new UsageError(`${flag} ${text}: want a whole number up to ${max}`);
  }
  return value;
}

function storeChoice(text: string): string {
  if (!isStoreChoice(text)) throw new UsageError(`--store ${text}: ${storeChoiceHint}`);
  return text;
}

function cidr(flag: string, text: string): string {
  if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(text))
    throw new UsageError(`${flag} ${text}: want a CIDR such as 10.96.0.0/16`);
  return text;
}
