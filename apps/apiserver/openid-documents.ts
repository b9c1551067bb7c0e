import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendText } from './answers.ts';
import type { Auth } from './auth.ts';
import type { RequestInfo } from './request-info.ts';

/** What others need to check service account tokens by themselves (OpenID Connect Discovery 1.0, RFC 7517). */
export function openidDocuments({ signer, serviceAccountTokens }: Auth) {
  const { issuer } = serviceAccountTokens;
  const configuration = JSON.stringify({
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [signer.algorithm],
  });
  const keys = JSON.stringify({ keys: [signer.jwk()] });
  return ({ path }: RequestInfo, _raw: IncomingMessage, response: ServerResponse): boolean => {
    if (path === '/.well-known/openid-configuration') sendText(response, configuration, 200, 'application/json');
    else if (path === '/openid/v1/jwks') sendText(response, keys, 200, 'application/jwk-set+json');
    else return false;
    return true;
  };
}
