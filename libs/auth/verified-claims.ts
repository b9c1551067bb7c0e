import { issuerOf, type TokenSigner } from './jwt.ts';

/** Tokens whose signature has been checked are remembered, up to this many. */
const verifiedTokensMax = 4_096;

/** Claims of tokens that the cluster's own key has signed; each signature is checked once. */
export class VerifiedClaims {
  private readonly known = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(private readonly signer: TokenSigner) {}

  /**
   * Undefined for a text that this cluster did not sign, or not as this issuer: no signature of another's is looked
   * at. Whether the claims still hold is the caller's to check.
   */
  of(token: string, issuer: string): Readonly<Record<string, unknown>> | undefined {
    const known = this.known.get(token);
    if (known) return known.iss === issuer ? known : undefined;
    if (issuerOf(token) !== issuer) return undefined;
    const claims = this.signer.verify(token);
    if (!claims) return undefined;
    if (this.known.size >= verifiedTokensMax) this.known.clear();
    this.known.set(token, claims);
    return claims;
  }
}
