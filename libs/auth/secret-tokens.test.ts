import { generateKeyPairSync } from 'node:crypto';
import { Shelf } from '../../test/support/object-shelf.ts';
import type { V1Secret } from '../api/gen/types.ts';
import { TokenSigner } from './jwt.ts';
import { SecretTokens } from './secret-tokens.ts';
import { VerifiedClaims } from './verified-claims.ts';

const newSigner = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new TokenSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
};
const signer = newSigner();
const claims = {
  iss: 'kubernetes/serviceaccount',
  'kubernetes.io/serviceaccount/namespace': 'n',
  'kubernetes.io/serviceaccount/secret.name': 's',
  'kubernetes.io/serviceaccount/service-account.name': 'a',
  'kubernetes.io/serviceaccount/service-account.uid': 'u',
  sub: 'system:serviceaccount:n:a',
};
const account = { metadata: { name: 'a', namespace: 'n', uid: 'u' } };
const secretOf = (token: string, metadata: object = {}) => ({
  metadata: { name: 's', namespace: 'n', uid: 'secret-uid', ...metadata },
  data: { token: Buffer.from(token).toString('base64') },
});

interface Case {
  name: string;
  claims?: object;
  secret?: (token: string) => object | undefined;
  account?: object;
  signer?: TokenSigner;
}

const refused: Case[] = [
  { name: 'whose secret is gone', secret: () => undefined },
  { name: 'whose secret is going', secret: (token) => secretOf(token, { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
  { name: 'whose secret holds another', secret: (token) => secretOf(`${token}x`) },
  {
    name: 'that were marked invalid',
    secret: (token) => secretOf(token, { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } }),
  },
  { name: 'whose account is another', account: { metadata: { ...account.metadata, uid: 'v' } } },
  {
    name: 'whose account is going',
    account: { metadata: { ...account.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
  },
  { name: 'of another issuer', claims: { ...claims, iss: 'https://issuer' } },
  { name: 'of another subject', claims: { ...claims, sub: 'system:serviceaccount:n:b' } },
  { name: 'that name nothing', claims: { iss: claims.iss, sub: 'system:serviceaccount::' } },
  { name: 'that another cluster signed', signer: newSigner() },
];

function setUp({ secret = secretOf, ...given }: Partial<Case>) {
  const token = (given.signer ?? signer).sign(given.claims ?? claims);
  const objects = new Shelf().put('/serviceaccounts', given.account ?? account);
  const kept = secret(token);
  if (kept) objects.put('/secrets', kept);
  const used: V1Secret[] = [];
  const tokens = new SecretTokens({ claims: new VerifiedClaims(signer), objects, onUse: (one) => used.push(one) });
  return { token, tokens, used };
}

describe('tokens of secrets', () => {
  it('stand for their account, and their use is told', async () => {
    const { token, tokens, used } = setUp({});
    expect(await tokens.authenticate(token)).toEqual({
      name: 'system:serviceaccount:n:a',
      uid: 'u',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'],
    });
    expect(used).toHaveLength(1);
  });

  it.each(refused)('are refused $name', async (each) => {
    const { token, tokens, used } = setUp(each);
    expect(await tokens.authenticate(token)).toBeUndefined();
    expect(used).toEqual([]);
  });
});
