import { timingSafeEqual } from 'node:crypto';
import type { V1Secret } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { TokenAuthenticator } from './authenticator.ts';
import { systemGroups, type UserInfo } from './user.ts';

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;

/** Recognises the tokens by which nodes join: Secrets `bootstrap-token-ID` of kube-system. */
export class BootstrapTokens implements TokenAuthenticator {
  constructor(
    private readonly objects: ObjectReader,
    private readonly clock: Clock,
  ) {}

  authenticate(token: string): Promise<UserInfo | undefined> {
    return Promise.resolve(this.userOf(token));
  }

  private userOf(token: string): UserInfo | undefined {
    const [, id, secret] = form.exec(token) ?? [];
    if (!id || !secret) return undefined;
    const object = this.objects.get<V1Secret>('', 'secrets', `kube-system/bootstrap-token-${id}`);
    if (object?.type !== 'bootstrap.kubernetes.io/token' || object.metadata?.deletionTimestamp) return undefined;
    const field = (name: string) => Buffer.from(object.data?.[name] ?? '', 'base64').toString();
    if (field('token-id') !== id || !same(field('token-secret'), secret)) return undefined;
    if (field('usage-bootstrap-authentication') !== 'true') return undefined;
    const expiration = field('expiration');
    if (expiration !== '' && !(new Date(expiration).getTime() > this.clock.now())) return undefined;
    const extra = field('auth-extra-groups').split(',').filter(Boolean);
    return {
      name: `system:bootstrap:${id}`,
      groups: [systemGroups.bootstrappers, ...extra, systemGroups.authenticated],
    };
  }
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
