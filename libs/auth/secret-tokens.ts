import { timingSafeEqual } from 'node:crypto';
import type { V1Secret, V1ServiceAccount } from '../api/gen/types.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { TokenAuthenticator } from './authenticator.ts';
import { serviceAccountUser, serviceAccountUserName, type UserInfo } from './user.ts';
import type { VerifiedClaims } from './verified-claims.ts';

/** Who issues the tokens that lie in secrets, as upstream names it. */
const issuer = 'kubernetes/serviceaccount';
const prefix = 'kubernetes.io/serviceaccount/';
/** A secret with this label is kept, and its token refused. */
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** Called with the secret whose token somebody has shown. */
export type SecretUse = (secret: V1Secret) => void;

export interface SecretTokenParts {
  readonly claims: VerifiedClaims;
  readonly objects: ObjectReader;
  /** Nobody hears of it when absent. */
  readonly onUse?: SecretUse;
}

/**
 * Recognises the tokens of secrets of type `kubernetes.io/service-account-token`. They do not end by themselves: only
 * with their secret, with its content, or with their account.
 */
export class SecretTokens implements TokenAuthenticator {
  constructor(private readonly parts: SecretTokenParts) {}

  authenticate(token: string): Promise<UserInfo | undefined> {
    return Promise.resolve(this.userOf(token));
  }

  private userOf(token: string): UserInfo | undefined {
    const { claims, objects, onUse } = this.parts;
    const found = claims.of(token, issuer);
    if (!found) return undefined;
    const claim = (name: string) => String(found[prefix + name] ?? '');
    const [namespace, name, uid] = [claim('namespace'), claim('service-account.name'), claim('service-account.uid')];
    if (found.sub !== serviceAccountUserName(namespace, name)) return undefined;
    const secret = objects.get<V1Secret>('', 'secrets', `${namespace}/${claim('secret.name')}`);
    if (!secret || !holds(secret, token)) return undefined;
    const account = objects.get<V1ServiceAccount>('', 'serviceaccounts', `${namespace}/${name}`);
    const isOfAccount = account?.metadata?.uid === uid && !account.metadata.deletionTimestamp;
    if (!isOfAccount) return undefined;
    onUse?.(secret);
    return serviceAccountUser({ namespace, name, uid });
  }
}

/** Whether the secret stands, and holds this very token. */
function holds({ metadata, data }: V1Secret, token: string): boolean {
  if (metadata?.deletionTimestamp || metadata?.labels?.[invalidSinceLabel]) return false;
  const kept = Buffer.from(data?.token ?? '', 'base64');
  const shown = Buffer.from(token);
  return kept.length === shown.length && timingSafeEqual(kept, shown);
}
