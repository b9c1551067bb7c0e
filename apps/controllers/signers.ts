import { TokenSigner } from '../../libs/auth/jwt.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { KeyPair } from '../../libs/pki/issue.ts';
import { readSigningRequest, signRequest } from '../../libs/pki/request.ts';
import type { ControllersOptions } from './options.ts';

/** What controllers sign with, in PEM; without one of them nobody signs what it is for. */
export interface SigningKeys {
  /** Certificates are signed by this authority. */
  authority?: KeyPair;
  /** Tokens of accounts are signed with this private key. */
  accountKey?: string;
}

/** The parts of the controllers' options that sign. @throws Error for a key that is none. */
export function signersOf(
  { authority: issuer, accountKey }: SigningKeys,
  clock: Clock,
): Pick<ControllersOptions, 'authority' | 'signToken'> {
  const signer = accountKey === undefined ? undefined : new TokenSigner(accountKey);
  return {
    ...(issuer && {
      authority: {
        read: readSigningRequest,
        sign: (request, wish) => signRequest({ request, ...wish, issuer, nowMs: clock.now() }),
      },
    }),
    ...(signer && { signToken: (claims) => signer.sign(claims) }),
  };
}
