import { StatusError } from '../base/status.ts';
import type { UserInfo } from './user.ts';

/** Finds out whom a bearer token stands for; undefined when it is none of this authenticator's. */
export interface TokenAuthenticator {
  authenticate(token: string): Promise<UserInfo | undefined>;
}

export function unauthorized(): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized');
}

/** Asks each authenticator in turn. @throws StatusError Unauthorized when none knows the token. */
export async function userOfToken(authenticators: readonly TokenAuthenticator[], token: string): Promise<UserInfo> {
  for (const authenticator of authenticators) {
    const user = await authenticator.authenticate(token);
    if (user) return user;
  }
  throw unauthorized();
}
