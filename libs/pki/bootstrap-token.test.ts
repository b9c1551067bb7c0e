import { checkBootstrapToken, newBootstrapToken, tokenForm } from './bootstrap-token.ts';

const nowMs = Date.UTC(2026, 0, 1);
const { token, secret } = newBootstrapToken({ nowMs, lifeMs: 60_000 });
const with_ = (data: Record<string, string>) => ({
  ...secret,
  data: {
    ...secret.data,
    ...Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  },
});

it('makes tokens of the form that kubeadm knows', () => {
  expect(token).toMatch(tokenForm);
  expect(secret.metadata?.name).toBe(`bootstrap-token-${token.slice(0, 6)}`);
});

it('takes a token while it lasts', () => {
  expect(() => checkBootstrapToken(token, secret, nowMs)).not.toThrow();
  const forever = newBootstrapToken({ nowMs });
  expect(() => checkBootstrapToken(forever.token, forever.secret, nowMs * 2)).not.toThrow();
});

it.each<[string, Parameters<typeof checkBootstrapToken>, RegExp]>([
  ['is malformed', ['nonsense', secret, nowMs], /not known/],
  ['has no Secret', [token, undefined, nowMs], /not known/],
  ['has another secret', [`${token.slice(0, 7)}${'a'.repeat(16)}`, secret, nowMs], /not known/],
  ['has a Secret of another type', [token, { ...secret, type: 'Opaque' }, nowMs], /not known/],
  ['may not authenticate', [token, with_({ 'usage-bootstrap-authentication': 'false' }), nowMs], /not known/],
  ['has expired', [token, secret, nowMs + 60_000], /expired at 2026-01-01T00:01:00Z/],
  ['has an expiry that is no time', [token, with_({ expiration: 'soon' }), nowMs], /expired at soon/],
])('refuses a token that %s', (_, args, message) => {
  expect(() => checkBootstrapToken(...args)).toThrow(message);
});
