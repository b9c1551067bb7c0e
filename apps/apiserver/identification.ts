import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { AuditTrail } from '../../libs/audit/auditor.ts';
import type { Authorizer } from '../../libs/auth/attributes.ts';
import { type TokenAuthenticator, unauthorized, userOfToken } from '../../libs/auth/authenticator.ts';
import { userOfCertificate } from '../../libs/auth/client-certificate.ts';
import { impersonated } from '../../libs/auth/impersonation.ts';
import { anonymousUser, type UserInfo } from '../../libs/auth/user.ts';
import { asksForWebSocket, offeredToken } from '../../libs/streaming/websocket/upgrade.ts';
import type { ExtensionRoute } from './extension.ts';
import type { RequestAudit } from './request-audit.ts';
import type { RequestInfo } from './request-info.ts';

export interface IdentificationOptions {
  readonly tokens: readonly TokenAuthenticator[];
  readonly authorizer: Authorizer;
  /** Absent: nothing is noted. */
  readonly audit?: RequestAudit;
}

interface Question {
  readonly raw: IncomingMessage;
  readonly info: RequestInfo;
  readonly route: ExtensionRoute | undefined;
}

interface Identity {
  readonly user: UserInfo;
  readonly trail?: AuditTrail;
}

/** Finds out who makes a request. */
export class Identification {
  constructor(private readonly options: IdentificationOptions) {}

  /** Who asks and as whom, and the trail that the request leaves in the audit log. At once where nobody is to be asked. */
  identify(question: Question, follow: (trail: AuditTrail) => void): Identity | Promise<Identity> {
    const { audit, authorizer } = this.options;
    if (audit) return this.identifyAudited(question, audit, follow);
    const { headers } = question.raw;
    const known = this.authenticate(question);
    if (!(known instanceof Promise)) return { user: impersonated(authorizer, known, headers) };
    return known.then((user) => ({ user: impersonated(authorizer, user, headers) }));
  }

  private async identifyAudited(
    question: Question,
    audit: RequestAudit,
    follow: (trail: AuditTrail) => void,
  ): Promise<Identity> {
    const { authorizer } = this.options;
    const { raw, info } = question;
    let known: UserInfo | undefined;
    let trail: AuditTrail | undefined;
    try {
      known = await this.authenticate(question);
    } finally {
      trail = audit.begin(raw, info, known);
      if (trail) follow(trail);
    }
    const user = impersonated(authorizer, known, raw.headers);
    trail?.actAs(user);
    return { user, trail };
  }

  private authenticate({ raw, info, route }: Question): UserInfo | Promise<UserInfo> {
    const token = bearerTokenOf(raw);
    if (token !== undefined) return userOfToken(this.options.tokens, token);
    const user = userOfCertificate(connectionOf(raw));
    if (user) return user;
    if (route?.anonymous || isPublic(info)) return anonymousUser;
    throw unauthorized();
  }
}

const bearer = 'Bearer ';

function bearerTokenOf(raw: IncomingMessage): string | undefined {
  const { authorization } = raw.headers;
  if (authorization?.startsWith(bearer)) return authorization.slice(bearer.length).trim();
  return asksForWebSocket(raw) ? offeredToken(raw) : undefined;
}

/** The connection that all requests of a client share, whatever the version of HTTP. */
function connectionOf(raw: IncomingMessage): TLSSocket {
  const session = raw.httpVersionMajor === 2 ? (raw as unknown as Http2ServerRequest).stream.session : undefined;
  return (session?.socket ?? raw.socket) as TLSSocket;
}

const readMethods = new Set(['GET', 'HEAD']);
const publicPaths = /^\/(healthz|livez|readyz|version)(\/|$)/;

/** What may be read without credentials, so that load balancers and joining nodes can look. */
function isPublic(info: RequestInfo): boolean {
  return !info.resource && readMethods.has(info.method) && publicPaths.test(info.path);
}
