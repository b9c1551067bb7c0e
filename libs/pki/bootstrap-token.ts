import { randomInt, timingSafeEqual } from 'node:crypto';
import type { V1Secret } from '../api/gen/types.ts';
import { rfc3339 } from '../base/clock.ts';
import { StatusError } from '../base/status.ts';

/** Where bootstrap tokens are kept, and as what: the form that kubeadm uses. */
export const bootstrapTokenNamespace = 'kube-system';
export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const idLength = 6;
const secretLength = 16;
export const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;

export interface BootstrapTokenOptions {
  nowMs: number;
  /** How long nodes may join with it; for ever when absent. */
  lifeMs?: number;
  description?: string;
}

/** A new token and the Secret that makes it valid once it has been created. */
export function newBootstrapToken(options: BootstrapTokenOptions): { token: string; secret: V1Secret } {
  const id = text(idLength);
  const secret = text(secretLength);
  const data: Record<string, string> = {
    'token-id': id,
    'token-secret': secret,
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
    'auth-extra-groups': 'system:bootstrappers:berth',
    ...(options.description && { description: options.description }),
    ...(options.lifeMs && { expiration: rfc3339(options.nowMs + options.lifeMs) }),
  };
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return {
    token: `${id}.${secret}`,
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: bootstrapTokenName(id), namespace: bootstrapTokenNamespace },
      type: bootstrapTokenType,
      data: Object.fromEntries(encoded),
    },
  };
}

export const bootstrapTokenName = (id: string): string => `bootstrap-token-${id}`;

/**
 * Holds a token against the Secret of its id, undefined when there is none.
 * @throws StatusError Unauthorized that does not tell a wrong id from a wrong secret.
 */
export function checkBootstrapToken(token: string, secret: V1Secret | undefined, nowMs: number): void {
  const [, id = '', given = ''] = tokenForm.exec(token) ?? [];
  const field = (name: string) => Buffer.from(secret?.data?.[name] ?? '', 'base64').toString();
  const known = secret?.type === bootstrapTokenType && field('token-id') === id;
  if (!known || !same(given, field('token-secret')) || field('usage-bootstrap-authentication') !== 'true') {
    throw new StatusError('Unauthorized', 'the bootstrap token is not known to this cluster');
  }
  const expiration = field('expiration');
  if (expiration !== '' && !(Date.parse(expiration) > nowMs)) {
    throw new StatusError('Unauthorized', `the bootstrap token ${id} expired at ${expiration}`);
  }
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}

function text(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
