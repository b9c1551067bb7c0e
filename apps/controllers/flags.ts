import { parseArgs } from 'node:util';

export const controllersUsage = `berth controllers: runs the cluster's controllers by themselves; of several, one leads

  --kubeconfig FILE           how to reach the API server (KUBECONFIG)
  --pod-cidr CIDR             the network of all pods (10.244.0.0/16)
  --autoscaler-period SECONDS how often autoscalers look at the metrics (15)
  --disable A,B               controllers that shall not run, such as node-lifecycle
  --leader-elect=false        do not wait for the lease
  --metrics-port P            serves /metrics and /healthz on 127.0.0.1 (10257; 0: does not)
`;

/** A message for the person who typed the command. */
export class UsageError extends Error {}

export interface ControllersFlags {
  kubeconfig: string;
  clusterCidr: string;
  autoscalerPeriodMs: number;
  disabled: string[];
  leaderElect: boolean;
  metricsPort: number;
}

const flags = {
  kubeconfig: { type: 'string' },
  'pod-cidr': { type: 'string', default: '10.244.0.0/16' },
  'autoscaler-period': { type: 'string', default: '15' },
  disable: { type: 'string', default: '' },
  'leader-elect': { type: 'string', default: 'true' },
  'metrics-port': { type: 'string', default: '10257' },
} as const;

/** @throws UsageError */
export function parseFlags(argv: readonly string[], environment: NodeJS.ProcessEnv): ControllersFlags {
  const values = parsed(argv);
  const kubeconfig = values.kubeconfig ?? environment.KUBECONFIG;
  if (!kubeconfig) throw new UsageError('--kubeconfig is needed');
  const seconds = Number(values['autoscaler-period']);
  if (!(seconds > 0))
    throw new UsageError(`--autoscaler-period ${values['autoscaler-period']} is no number of seconds`);
  const metricsPort = Number(values['metrics-port']);
  if (!Number.isInteger(metricsPort) || metricsPort < 0 || metricsPort > 65_535) {
    throw new UsageError(`--metrics-port ${values['metrics-port']} is no port`);
  }
  return {
    kubeconfig,
    clusterCidr: values['pod-cidr'],
    autoscalerPeriodMs: seconds * 1000,
    disabled: values.disable.split(',').filter((name) => name !== ''),
    leaderElect: values['leader-elect'] !== 'false',
    metricsPort,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
