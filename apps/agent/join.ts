import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isStatus, StatusError, type StatusReason } from '../../libs/base/status.ts';
import { authorityHash } from '../../libs/pki/authority.ts';
import { type NodeIdentity, readNodeIdentity, writeNodeIdentity } from '../../libs/pki/identity.ts';
import { newPrivateKey, newSigningRequest } from '../../libs/pki/issue.ts';
import type { AgentOptions, JoinOptions } from './options.ts';

const requestTimeoutMs = 15_000;
const answerBytesMax = 256 * 1024;

type JoiningOptions = Pick<AgentOptions, 'servers' | 'name' | 'home' | 'join'>;

/** The identity kept in the agent's home, or a new one got with the token. @throws StatusError that says what to do. */
export async function ensureIdentity(options: JoiningOptions): Promise<NodeIdentity> {
  const kept = await readNodeIdentity(options.home);
  if (kept) return kept;
  if (!options.join) {
    throw new StatusError(
      'Unauthorized',
      `no identity in ${options.home}: start with --token and --ca-hash, as "berth token create" prints them`,
    );
  }
  const identity = await joinThroughAny(options, options.join);
  await writeNodeIdentity(options.home, identity);
  return identity;
}

/** The first server that answers decides: only those that cannot be reached are passed over. */
async function joinThroughAny({ servers, name }: JoiningOptions, join: JoinOptions): Promise<NodeIdentity> {
  let failure: unknown;
  for (const server of servers) {
    try {
      return await joinCluster(server, name, join);
    } catch (error) {
      failure = error;
      if (!isStatus(error, 'ServiceUnavailable')) break;
    }
  }
  throw failure;
}

async function joinCluster(server: string, name: string, join: JoinOptions): Promise<NodeIdentity> {
  const ca = await pinnedAuthority(server, join.caHash);
  const key = await newPrivateKey();
  const request = await newSigningRequest({ commonName: `system:node:${name}`, organizations: ['system:nodes'] }, key);
  const body = JSON.stringify({ token: join.token, nodeName: name, request });
  const answer = await call(`${server}/berth/v1/join`, { method: 'POST', ca }, body);
  return { key, ca, certificate: text(answer, 'certificate') };
}

/**
 * Fetches the cluster's authority before it can be trusted and holds it against the pin. Nothing secret is sent until
 * it fits, and then only to a server that the authority vouches for.
 */
async function pinnedAuthority(server: string, caHash: string): Promise<string> {
  const ca = text(await call(`${server}/berth/v1/ca`, { rejectUnauthorized: false }), 'ca');
  const found = authorityHash(ca);
  if (found !== caHash) {
    throw new StatusError('Unauthorized', `the authority of ${server} is ${found}, not the ${caHash} asked for`);
  }
  return ca;
}

function call(url: string, options: RequestOptions, body?: string): Promise<Record<string, unknown>> {
  const fail = (why: string, cause: unknown, reason: StatusReason = 'ServiceUnavailable') =>
    new StatusError(reason, `cannot join at ${url}: ${why}`, { cause });
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = httpsRequest(url, { ...options, headers, timeout: requestTimeoutMs, agent: false });
    request.once('error', (error) => reject(fail(error.message, error)));
    request.once('timeout', () => request.destroy(new Error(`no answer within ${requestTimeoutMs} ms`)));
    request.once('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > answerBytesMax) request.destroy(new Error('the answer is too long'));
        else parts.push(part);
      });
      response.once('end', () => {
        const answer = parse(Buffer.concat(parts).toString());
        if (response.statusCode === 200 && answer) resolve(answer);
        else
          reject(fail(String(answer?.message ?? `the server answered ${response.statusCode}`), undefined, 'Forbidden'));
      });
    });
    request.end(body);
  });
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function text(answer: Record<string, unknown>, name: string): string {
  const value = answer[name];
  if (typeof value === 'string') return value;
  throw new StatusError('ServiceUnavailable', `the server's answer has no ${name}: is it a Berth API server?`);
}
