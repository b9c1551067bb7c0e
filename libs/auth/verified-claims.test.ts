import { generateKeyPairSync } from 'node:crypto';
import { TokenSigner } from './jwt.ts';
import { VerifiedClaims } from './verified-claims.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Counts the signatures that are checked. */
class CountingSigner extends TokenSigner {
  checked = 0;

  override verify(token: string): Record<string, unknown> | undefined {
    this.checked++;
    return super.verify(token);
  }
}

describe('claims of tokens', () => {
  const mine = new TokenSigner(pem).sign({ iss: 'me', sub: 'x' });
  const forged = `${mine.slice(0, mine.lastIndexOf('.'))}.AAAA`;

  it.each<[string, string, string, boolean, number]>([
    ['of the issuer are known, and checked once', mine, 'me', true, 1],
    ['of another issuer are not looked at', mine, 'other', false, 0],
    ['that somebody else has signed are looked at by their issuer only', forged, 'me', false, 2],
    ['that say nothing are none', 'a.b.c', 'me', false, 0],
    ['are in one text of three parts', mine.slice(0, 9), 'me', false, 0],
  ])('%s', (_what, token, issuer, isKnown, checked) => {
    const signer = new CountingSigner(pem);
    const claims = new VerifiedClaims(signer);
    const found = [claims.of(token, issuer), claims.of(token, issuer)];
    expect(found.map((one) => one?.sub)).toEqual(isKnown ? ['x', 'x'] : [undefined, undefined]);
    expect(signer.checked).toBe(checked);
  });

  it('that are known belong to their issuer still', () => {
    const claims = new VerifiedClaims(new TokenSigner(pem));
    expect(claims.of(mine, 'me')).toBeDefined();
    expect(claims.of(mine, 'other')).toBeUndefined();
  });
});
