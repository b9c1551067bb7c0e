import type { Authorizer } from '../../libs/auth/attributes.ts';
import type { TokenAuthenticator } from '../../libs/auth/authenticator.ts';
import { AuthorizerChain, mastersAuthorizer } from '../../libs/auth/authorize.ts';
import { BootstrapTokens } from '../../libs/auth/bootstrap-tokens.ts';
import { TokenSigner } from '../../libs/auth/jwt.ts';
import { NodeAuthorizer } from '../../libs/auth/node-authorizer.ts';
import { RbacAuthorizer } from '../../libs/auth/rbac.ts';
import { SecretTokens, type SecretUse } from '../../libs/auth/secret-tokens.ts';
import { ServiceAccountTokens } from '../../libs/auth/service-account-tokens.ts';
import { StaticTokens } from '../../libs/auth/static-tokens.ts';
import { VerifiedClaims } from '../../libs/auth/verified-claims.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Random } from '../../libs/base/random.ts';
import type { ObjectReader } from '../../libs/cache/object-reader.ts';

export interface AuthOptions {
  readonly serviceAccountKey: string;
  readonly clusterDomain: string;
  /** Absent: there are none. */
  readonly staticTokens?: string;
  /** Hears of secrets whose tokens are used. */
  readonly onSecretUse: SecretUse;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
}

/** Everything that finds out who asks and whether they may. */
export interface Auth {
  readonly signer: TokenSigner;
  readonly serviceAccountTokens: ServiceAccountTokens;
  readonly tokens: readonly TokenAuthenticator[];
  readonly rbac: RbacAuthorizer;
  readonly authorizer: Authorizer;
}

export function createAuth(options: AuthOptions): Auth {
  const { serviceAccountKey, clusterDomain, staticTokens, onSecretUse, objects, clock, random } = options;
  const signer = new TokenSigner(serviceAccountKey);
  const issuer = `https://kubernetes.default.svc.${clusterDomain}`;
  const claims = new VerifiedClaims(signer);
  const serviceAccountTokens = new ServiceAccountTokens({ signer, claims, issuer, objects, clock, random });
  const rbac = new RbacAuthorizer(objects);
  return {
    signer,
    serviceAccountTokens,
    tokens: [
      serviceAccountTokens,
      new SecretTokens({ claims, objects, onUse: onSecretUse }),
      new BootstrapTokens(objects, clock),
      ...(staticTokens === undefined ? [] : [new StaticTokens(staticTokens)]),
    ],
    rbac,
    authorizer: new AuthorizerChain([mastersAuthorizer, new NodeAuthorizer(objects), rbac]),
  };
}
