import type { V1Pod, V1ServiceAccount } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { TokenAuthenticator } from './authenticator.ts';
import type { TokenSigner } from './jwt.ts';
import { serviceAccountUser, serviceAccountUserName, type UserInfo } from './user.ts';
import type { VerifiedClaims } from './verified-claims.ts';

/** An object that a token lives and dies with. */
export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

export interface TokenWish {
  readonly namespace: string;
  readonly serviceAccount: BoundObject;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod?: BoundObject;
  readonly secret?: BoundObject;
  readonly node?: BoundObject;
}

interface TokenClaims {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  iat: number;
  nbf: number;
  jti: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: BoundObject;
    pod?: BoundObject;
    secret?: BoundObject;
    node?: BoundObject;
  };
}

export interface TokenParts {
  readonly signer: TokenSigner;
  readonly claims: VerifiedClaims;
  /** The URL that tokens name as their issuer; also the API server's own audience. */
  readonly issuer: string;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
}

/** Issues and recognises the tokens of service accounts. */
export class ServiceAccountTokens implements TokenAuthenticator {
  constructor(private readonly parts: TokenParts) {}

  get issuer(): string {
    return this.parts.issuer;
  }

  issue(wish: TokenWish): { token: string; expiresAtMs: number } {
    const now = Math.floor(this.parts.clock.now() / 1000);
    const exp = now + wish.expirationSeconds;
    const claims: TokenClaims = {
      iss: this.parts.issuer,
      sub: serviceAccountUserName(wish.namespace, wish.serviceAccount.name),
      aud: [...(wish.audiences.length > 0 ? wish.audiences : [this.parts.issuer])],
      exp,
      iat: now,
      nbf: now,
      jti: this.parts.random.uuid(),
      'kubernetes.io': {
        namespace: wish.namespace,
        serviceaccount: wish.serviceAccount,
        pod: wish.pod,
        secret: wish.secret,
        node: wish.node,
      },
    };
    return { token: this.parts.signer.sign(claims), expiresAtMs: exp * 1000 };
  }

  authenticate(token: string): Promise<UserInfo | undefined> {
    return Promise.resolve(this.userOf(token, [this.parts.issuer])?.user);
  }

  /** Whom the token stands for towards any of the audiences, and which of them it is good for. */
  userOf(token: string, audiences: readonly string[]): { user: UserInfo; audiences: string[] } | undefined {
    const claims = this.claimsOf(token);
    if (!claims) return undefined;
    const now = this.parts.clock.now() / 1000;
    const shared = claims.aud.filter((audience) => audiences.includes(audience));
    if (now >= claims.exp || now < claims.nbf - 60 || shared.length === 0 || !this.stillBound(claims)) return undefined;
    return { user: userOfClaims(claims), audiences: shared };
  }

  private claimsOf(token: string): TokenClaims | undefined {
    const claims = this.parts.claims.of(token, this.parts.issuer) as Readonly<TokenClaims> | undefined;
    return claims?.['kubernetes.io'] ? claims : undefined;
  }

  /** A token ends with its account, and with the object that it was made for. */
  private stillBound({ 'kubernetes.io': bound }: TokenClaims): boolean {
    const { objects } = this.parts;
    const { namespace, serviceaccount, pod, secret, node } = bound;
    const account = objects.get<V1ServiceAccount>('', 'serviceaccounts', `${namespace}/${serviceaccount.name}`);
    if (!isSame(account, serviceaccount)) return false;
    if (pod && !isSame(objects.get<V1Pod>('', 'pods', `${namespace}/${pod.name}`), pod)) return false;
    if (secret && !isSame(objects.get('', 'secrets', `${namespace}/${secret.name}`), secret)) return false;
    return !node || pod !== undefined || isSame(objects.get('', 'nodes', node.name), node);
  }
}

function isSame(object: KubeObject | undefined, bound: BoundObject): boolean {
  return object?.metadata?.uid === bound.uid;
}

function userOfClaims(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
  if (pod) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  if (node) {
    extra['authentication.kubernetes.io/node-name'] = [node.name];
    extra['authentication.kubernetes.io/node-uid'] = [node.uid];
  }
  return serviceAccountUser({ namespace, ...serviceaccount }, extra);
}
