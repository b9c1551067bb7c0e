import { generateKeyPairSync } from 'node:crypto';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Shelf } from '../../test/support/object-shelf.ts';
import { seededRandom } from '../base/random.ts';
import { BootstrapTokens } from './bootstrap-tokens.ts';
import { TokenSigner } from './jwt.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { VerifiedClaims } from './verified-claims.ts';

const pem = (type: 'ec' | 'rsa') =>
  (type === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

describe('service account tokens', () => {
  const account = { metadata: { name: 'a', namespace: 'n', uid: 'account-uid' } };
  const pod = { metadata: { name: 'p', namespace: 'n', uid: 'pod-uid' } };
  const issuer = 'https://issuer';

  function setUp() {
    const objects = new Shelf().put('/serviceaccounts', account).put('/pods', pod);
    const clock = new FakeClock();
    const signer = new TokenSigner(pem('ec'));
    const claims = new VerifiedClaims(signer);
    const tokens = new ServiceAccountTokens({ signer, claims, issuer, objects, clock, random: seededRandom(1) });
    const { token } = tokens.issue({
      namespace: 'n',
      serviceAccount: { name: 'a', uid: 'account-uid' },
      audiences: [],
      expirationSeconds: 600,
      pod: { name: 'p', uid: 'pod-uid' },
    });
    return { objects, clock, tokens, token };
  }

  it('name their account, its groups and their pod', async () => {
    const { tokens, token } = setUp();
    expect(await tokens.authenticate(token)).toMatchObject({
      name: 'system:serviceaccount:n:a',
      uid: 'account-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/pod-name': ['p'] },
    });
  });

  const endings: Array<{
    name: string;
    end: (parts: ReturnType<typeof setUp>) => Promise<unknown> | string | undefined;
  }> = [
    { name: 'their time', end: ({ clock }) => clock.advance(601_000) },
    { name: 'their account', end: ({ objects }) => void objects.remove('/serviceaccounts', 'n/a') },
    { name: 'their pod', end: ({ objects }) => void objects.remove('/pods', 'n/p') },
    {
      name: 'a pod of the same name',
      end: ({ objects }) => void objects.put('/pods', { metadata: { ...pod.metadata, uid: 'other' } }),
    },
    {
      name: 'a changed letter',
      end: ({ token }) => `${token.slice(0, -9)}${token.at(-9) === 'A' ? 'B' : 'A'}${token.slice(-8)}`,
    },
    { name: 'nonsense', end: () => 'a.b.c' },
  ];
  it.each(endings)('end with $name', async ({ end }) => {
    const parts = setUp();
    expect(await parts.tokens.authenticate(parts.token)).toBeDefined();
    const changed = await end(parts);
    expect(await parts.tokens.authenticate(typeof changed === 'string' ? changed : parts.token)).toBeUndefined();
  });

  it('are good for their audiences only', () => {
    const { tokens } = setUp();
    const serviceAccount = { name: 'a', uid: 'account-uid' };
    const { token } = tokens.issue({ namespace: 'n', serviceAccount, audiences: ['vault'], expirationSeconds: 600 });
    expect(tokens.userOf(token, ['vault', 'other'])?.audiences).toEqual(['vault']);
    expect(tokens.userOf(token, [issuer])).toBeUndefined();
  });

  it.each(['ec', 'rsa'] as const)('are signed with %s keys', (type) => {
    const signer = new TokenSigner(pem(type));
    const token = signer.sign({ sub: 'x' });
    expect(signer.verify(token)).toEqual({ sub: 'x' });
    expect(new TokenSigner(pem(type)).verify(token)).toBeUndefined();
  });
});

describe('bootstrap tokens', () => {
  const field = (text: string) => Buffer.from(text).toString('base64');
  const secret = (more: Record<string, string> = {}) => ({
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    data: {
      'token-id': field('abcdef'),
      'token-secret': field('0123456789abcdef'),
      'usage-bootstrap-authentication': field('true'),
      ...more,
    },
  });
  const cases = [
    { name: 'the right token', token: 'abcdef.0123456789abcdef', object: secret(), known: true },
    { name: 'a wrong secret', token: 'abcdef.0123456789abcdeX', object: secret(), known: false },
    { name: 'an unknown one', token: 'zzzzzz.0123456789abcdef', object: secret(), known: false },
    {
      name: 'one that is over',
      token: 'abcdef.0123456789abcdef',
      object: secret({ expiration: field('2020-01-01T00:00:00Z') }),
      known: false,
    },
    {
      name: 'one for other uses',
      token: 'abcdef.0123456789abcdef',
      object: secret({ 'usage-bootstrap-authentication': '' }),
      known: false,
    },
  ];
  it.each(cases)('know $name', async ({ token, object, known }) => {
    const tokens = new BootstrapTokens(new Shelf().put('/secrets', object), new FakeClock());
    const user = await tokens.authenticate(token);
    expect(user?.name).toBe(known ? 'system:bootstrap:abcdef' : undefined);
  });
});
