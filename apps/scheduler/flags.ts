import { type ComponentFlags, parseComponentFlags } from '../../libs/component/flags.ts';
import { defaultSchedulerName } from './options.ts';

const metricsPortDefault = 10_259;

export const schedulerUsage = `berth scheduler: runs the scheduler by itself; of several, one leads

  --kubeconfig FILE         how to reach the API server (KUBECONFIG)
  --scheduler-name NAME     pods that name another are left alone (${defaultSchedulerName})
  --leader-elect=false      do not wait for the lease
  --metrics-port P          serves /metrics and /healthz on 127.0.0.1 (${metricsPortDefault}; 0: does not)
`;

export interface SchedulerFlags extends ComponentFlags {
  schedulerName: string;
}

/** @throws UsageError */
export function parseFlags(argv: readonly string[], environment: NodeJS.ProcessEnv): SchedulerFlags {
  const own = { 'scheduler-name': { type: 'string', default: defaultSchedulerName } } as const;
  const parsed = parseComponentFlags({ argv, environment, own, metricsPort: metricsPortDefault });
  return { ...parsed.flags, schedulerName: parsed.own['scheduler-name'] ?? defaultSchedulerName };
}
