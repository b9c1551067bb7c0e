import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { UserInfo } from '../../../libs/auth/user.ts';

/** By these, an aggregated server knows this one and whom it speaks for. Source: Kubernetes' authenticating proxy. */
export const frontProxyHeaders = {
  user: 'x-remote-user',
  uid: 'x-remote-uid',
  group: 'x-remote-group',
  extraPrefix: 'x-remote-extra-',
} as const;

/** The name in the certificate that this server shows. */
export const frontProxyName = 'front-proxy-client';

/** Headers that speak of one connection, of the caller's own credentials, or that only this server may set. */
const dropped =
  /^(:.*|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|authorization|host|content-length|impersonate-.*|x-remote-.*)$/;

/** What an aggregated server is sent instead of the caller's own headers. */
export function onwardHeaders(headers: IncomingHttpHeaders, user: UserInfo, address: string): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !dropped.test(name));
  const earlier = headers['x-forwarded-for'];
  const extra = Object.entries(user.extra ?? {}).map(([key, values]) => {
    return [`${frontProxyHeaders.extraPrefix}${encodeURIComponent(key)}`, [...values]];
  });
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(extra),
    'x-forwarded-for': earlier ? `${earlier}, ${address}` : address,
    [frontProxyHeaders.user]: user.name,
    ...(user.uid === undefined ? {} : { [frontProxyHeaders.uid]: user.uid }),
    [frontProxyHeaders.group]: [...user.groups],
  };
}
