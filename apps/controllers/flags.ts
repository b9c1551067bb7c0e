import { type ComponentFlags, parseComponentFlags, UsageError } from '../../libs/component/flags.ts';

const metricsPortDefault = 10_257;

export const controllersUsage = `berth controllers: runs the cluster's controllers by themselves; of several, one leads

  --kubeconfig FILE           how to reach the API server (KUBECONFIG)
  --pod-cidr CIDR             the network of all pods (10.244.0.0/16)
  --autoscaler-period SECONDS how often autoscalers look at the metrics (15)
  --disable A,B               controllers that shall not run, such as node-lifecycle
  --cluster-signing-cert-file FILE, --cluster-signing-key-file FILE
                              the authority that signs approved certificate requests (nobody does)
  --service-account-private-key-file FILE
                              signs the tokens of accounts that lie in secrets (nobody does)
  --leader-elect=false        do not wait for the lease
  --metrics-port P            serves /metrics and /healthz on 127.0.0.1 (${metricsPortDefault}; 0: does not)
`;

export interface ControllersFlags extends ComponentFlags {
  clusterCidr: string;
  autoscalerPeriodMs: number;
  disabled: string[];
  /** Files of the keys that controllers sign with. */
  signing: { certificate?: string; key?: string; accountKey?: string };
}

const own = {
  'pod-cidr': { type: 'string', default: '10.244.0.0/16' },
  'autoscaler-period': { type: 'string', default: '15' },
  disable: { type: 'string', default: '' },
  'cluster-signing-cert-file': { type: 'string' },
  'cluster-signing-key-file': { type: 'string' },
  'service-account-private-key-file': { type: 'string' },
} as const;

/** @throws UsageError */
export function parseFlags(argv: readonly string[], environment: NodeJS.ProcessEnv): ControllersFlags {
  const { flags, own: values } = parseComponentFlags({ argv, environment, own, metricsPort: metricsPortDefault });
  const seconds = Number(values['autoscaler-period']);
  if (!(seconds > 0)) {
    throw new UsageError(`--autoscaler-period ${values['autoscaler-period']} is no number of seconds`);
  }
  const certificate = values['cluster-signing-cert-file'];
  const key = values['cluster-signing-key-file'];
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UsageError('--cluster-signing-cert-file and --cluster-signing-key-file belong together');
  }
  return {
    ...flags,
    clusterCidr: values['pod-cidr'] ?? own['pod-cidr'].default,
    autoscalerPeriodMs: seconds * 1000,
    disabled: (values.disable ?? '').split(',').filter((name) => name !== ''),
    signing: { certificate, key, accountKey: values['service-account-private-key-file'] },
  };
}
