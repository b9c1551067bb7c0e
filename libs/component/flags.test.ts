import { parseComponentFlags, UsageError } from './flags.ts';

const own = { colour: { type: 'string', default: 'blue' } } as const;
const parse = (argv: string[], environment: NodeJS.ProcessEnv = { KUBECONFIG: '/k' }) =>
  parseComponentFlags({ argv, environment, own, metricsPort: 10_000 });

describe('the flags of a component', () => {
  it('have defaults', () => {
    expect(parse([])).toMatchObject({
      flags: { kubeconfig: '/k', leaderElect: true, metricsPort: 10_000 },
      own: { colour: 'blue' },
    });
  });

  it('are read', () => {
    const argv = ['--kubeconfig', '/mine', '--leader-elect=false', '--metrics-port', '0', '--colour', 'red'];
    expect(parse(argv, {})).toMatchObject({
      flags: { kubeconfig: '/mine', leaderElect: false, metricsPort: 0 },
      own: { colour: 'red' },
    });
  });

  const refused: Array<{ argv: string[]; environment?: NodeJS.ProcessEnv; why: string }> = [
    { argv: [], environment: {}, why: '--kubeconfig is needed' },
    { argv: ['--metrics-port', 'many'], why: '--metrics-port many is no port' },
    { argv: ['--metrics-port', '65536'], why: '--metrics-port 65536 is no port' },
    { argv: ['--metrics-port='], why: '--metrics-port  is no port' },
    { argv: ['--size', '3'], why: "Unknown option '--size'" },
    { argv: ['stray'], why: "Unexpected argument 'stray'" },
  ];
  it.each(refused)('are refused: $argv', ({ argv, environment, why }) => {
    expect(() => parse(argv, environment)).toThrow(UsageError);
    expect(() => parse(argv, environment)).toThrow(why);
  });
});
