import { parseArgs } from 'node:util';
import { defaultSchedulerName } from './options.ts';

export const schedulerUsage = `berth scheduler: runs the scheduler by itself; of several, one leads

  --kubeconfig FILE         how to reach the API server (KUBECONFIG)
  --scheduler-name NAME     pods that name another are left alone (${defaultSchedulerName})
  --leader-elect=false      do not wait for the lease
  --metrics-port P          serves /metrics and /healthz on 127.0.0.1 (10259; 0: does not)
`;

/** A message for the person who typed the command. */
export class UsageError extends Error {}

export interface SchedulerFlags {
  kubeconfig: string;
  schedulerName: string;
  leaderElect: boolean;
  metricsPort: number;
}

/** @throws UsageError */
export function parseFlags(argv: readonly string[], environment: NodeJS.ProcessEnv): SchedulerFlags {
  const values = parsed(argv);
  const kubeconfig = values.kubeconfig ?? environment.KUBECONFIG;
  if (!kubeconfig) throw new UsageError('--kubeconfig is needed');
  const metricsPort = Number(values['metrics-port']);
  if (!Number.isInteger(metricsPort) || metricsPort < 0 || metricsPort > 65_535) {
    throw new UsageError(`--metrics-port ${values['metrics-port']} is no port`);
  }
  return {
    kubeconfig,
    schedulerName: values['scheduler-name'],
    leaderElect: values['leader-elect'] !== 'false',
    metricsPort,
  };
}

function parsed(argv: readonly string[]) {
  const options = {
    kubeconfig: { type: 'string' },
    'scheduler-name': { type: 'string', default: defaultSchedulerName },
    'leader-elect': { type: 'string', default: 'true' },
    'metrics-port': { type: 'string', default: '10259' },
  } as const;
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
