import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A message for the person who typed the command. */
export class UsageError extends Error {}

/** What every component is told. */
export interface ComponentFlags {
  kubeconfig: string;
  leaderElect: boolean;
  /** 0: serves no metrics. */
  metricsPort: number;
}

type Options = NonNullable<ParseArgsConfig['options']>;

const common = {
  kubeconfig: { type: 'string' },
  'leader-elect': { type: 'string', default: 'true' },
  'metrics-port': { type: 'string' },
} as const satisfies Options;

export interface FlagsOptions<Own extends Options> {
  argv: readonly string[];
  environment: NodeJS.ProcessEnv;
  /** Flags besides the common ones. */
  own: Own;
  metricsPort: number;
}

/** The common flags, and the values of those of the component's own. @throws UsageError. */
export function parseComponentFlags<Own extends Options>({ argv, environment, own, metricsPort }: FlagsOptions<Own>) {
  const values = parsed(argv, { ...common, ...own });
  const text = (name: keyof typeof common) => values[name] as string | undefined;
  const kubeconfig = text('kubeconfig') ?? environment.KUBECONFIG;
  if (!kubeconfig) throw new UsageError('--kubeconfig is needed');
  const flags: ComponentFlags = {
    kubeconfig,
    leaderElect: text('leader-elect') !== 'false',
    metricsPort: portOf(text('metrics-port') ?? `${metricsPort}`),
  };
  return { flags, own: values as Readonly<Record<keyof Own, string | undefined>> };
}

function parsed(argv: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (text === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`--metrics-port ${text} is no port`);
  }
  return port;
}
