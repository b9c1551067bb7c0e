import { type ComponentFlags, parseComponentFlags, UsageError } from '../../libs/component/flags.ts';
import { defaultProfile, defaultSchedulerName, type Profile } from '../../libs/scheduling/profiles.ts';
import { readProfiles } from './configuration-file.ts';

const metricsPortDefault = 10_259;

export const schedulerUsage = `berth scheduler: runs the scheduler by itself; of several, one leads

  --kubeconfig FILE         how to reach the API server (KUBECONFIG)
  --scheduler-name NAME     pods that name another are left alone (${defaultSchedulerName})
  --config FILE             profiles, as kube-scheduler has them (docs/scheduling.md); instead of --scheduler-name
  --leader-elect=false      do not wait for the lease
  --metrics-port P          serves /metrics and /healthz on 127.0.0.1 (${metricsPortDefault}; 0: does not)
`;

export interface SchedulerFlags extends ComponentFlags {
  profiles: readonly Profile[];
}

/** @throws UsageError */
export function parseFlags(argv: readonly string[], environment: NodeJS.ProcessEnv): SchedulerFlags {
  const own = { 'scheduler-name': { type: 'string' }, config: { type: 'string' } } as const;
  const parsed = parseComponentFlags({ argv, environment, own, metricsPort: metricsPortDefault });
  const { config, 'scheduler-name': schedulerName } = parsed.own;
  if (config !== undefined && schedulerName !== undefined) {
    throw new UsageError('--config and --scheduler-name exclude each other');
  }
  return { ...parsed.flags, profiles: config === undefined ? named(schedulerName) : profilesOf(config) };
}

function named(schedulerName = defaultSchedulerName): Profile[] {
  return [{ ...defaultProfile, schedulerName }];
}

function profilesOf(file: string): Profile[] {
  try {
    return readProfiles(file);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
