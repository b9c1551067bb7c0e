import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { assert } from '../base/assert.ts';

/** Signs and checks JSON Web Tokens with one key (RFC 7519; ES256 or RS256 of RFC 7518). */
export class TokenSigner {
  readonly keyId: string;
  readonly algorithm: 'ES256' | 'RS256';
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;

  /** `privateKeyPem` is an EC P-256 or an RSA key. */
  constructor(privateKeyPem: string) {
    this.privateKey = createPrivateKey(privateKeyPem);
    this.publicKey = createPublicKey(this.privateKey);
    const type = this.privateKey.asymmetricKeyType;
    assert(type === 'ec' || type === 'rsa', `service account keys are EC or RSA, not ${type}`);
    this.algorithm = type === 'ec' ? 'ES256' : 'RS256';
    const der = this.publicKey.export({ type: 'spki', format: 'der' });
    this.keyId = createHash('sha256').update(der).digest('base64url');
  }

  sign(claims: object): string {
    const head = encode({ alg: this.algorithm, kid: this.keyId, typ: 'JWT' });
    const signed = `${head}.${encode(claims)}`;
    const key = { key: this.privateKey, dsaEncoding: 'ieee-p1363' as const };
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  }

  /** The claims of a token that this key has signed; undefined for any other text. Expiry is the caller's to check. */
  verify(token: string): Record<string, unknown> | undefined {
    const [head, claims, signature, ...more] = token.split('.');
    if (!head || !claims || !signature || more.length > 0) return undefined;
    if (decode(head)?.alg !== this.algorithm) return undefined;
    const key = { key: this.publicKey, dsaEncoding: 'ieee-p1363' as const };
    const genuine = verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
    return genuine ? decode(claims) : undefined;
  }

  /** The public key as others may fetch it (RFC 7517). */
  jwk(): Record<string, unknown> {
    return { use: 'sig', kid: this.keyId, alg: this.algorithm, ...this.publicKey.export({ format: 'jwk' }) };
  }
}

/** Who says to have issued a token, whoever has; undefined where it does not say. */
export function issuerOf(token: string): unknown {
  return decode(token.split('.', 2)[1] ?? '')?.iss;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
