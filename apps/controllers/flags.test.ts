import { UsageError } from '../../libs/component/flags.ts';
import { parseFlags } from './flags.ts';

const parse = (...argv: string[]) => parseFlags(argv, { KUBECONFIG: '/k' });

describe('the flags of the controllers', () => {
  it('name the files of what is signed with', () => {
    const authority = ['--cluster-signing-cert-file', 'ca.crt', '--cluster-signing-key-file', 'ca.key'];
    const { signing } = parse(...authority, '--service-account-private-key-file', 'sa.key');
    expect(signing).toEqual({ certificate: 'ca.crt', key: 'ca.key', accountKey: 'sa.key' });
  });

  it('leave signing away', () => {
    expect(parse().signing).toEqual({});
  });

  it.each([
    { argv: ['--cluster-signing-cert-file', 'ca.crt'], why: 'belong together' },
    { argv: ['--cluster-signing-key-file', 'ca.key'], why: 'belong together' },
    { argv: ['--autoscaler-period', '0'], why: '--autoscaler-period 0 is no number of seconds' },
  ])('are refused: $argv', ({ argv, why }) => {
    expect(() => parse(...argv)).toThrow(UsageError);
    expect(() => parse(...argv)).toThrow(why);
  });
});
