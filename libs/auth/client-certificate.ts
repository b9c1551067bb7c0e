import type { TLSSocket } from 'node:tls';
import { systemGroups, type UserInfo } from './user.ts';

/** One certificate serves all requests of a connection. */
const known = new WeakMap<TLSSocket, { user: UserInfo | undefined }>();

/** The user whom the connection's client certificate names (CN, and O as groups), when the cluster's CA signed it. */
export function userOfCertificate(socket: TLSSocket): UserInfo | undefined {
  const cached = known.get(socket);
  if (cached) return cached.user;
  const user = readCertificate(socket);
  known.set(socket, { user });
  return user;
}

function readCertificate(socket: TLSSocket): UserInfo | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  const subject = certificate?.subject as { CN?: string | string[]; O?: string | string[] } | undefined;
  const name = [subject?.CN ?? []].flat()[0];
  if (!name) return undefined;
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const extra = { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] };
  return { name, groups: [...[subject?.O ?? []].flat(), systemGroups.authenticated], extra };
}
