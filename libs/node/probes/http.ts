import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { V1Container, V1HTTPGetAction } from '../../api/gen/types.ts';

/** How much of an answer is kept for an event. */
const bodyBytesMax = 10 * 1024;
/** How many redirects a probe or hook follows. */
const redirectsMax = 10;

export interface HttpAnswer {
  status: number;
  body: string;
  /** It led to another host and was not followed. */
  foreign: boolean;
}

/** The number of a port given by number or by its name in the container. @throws Error when there is none. */
export function portNumber(port: number | string | undefined, container: V1Container): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  const named = (container.ports ?? []).find(({ name }) => name === port)?.containerPort;
  if (named === undefined) throw new Error(`couldn't find port: "${port}"`);
  return named;
}

export interface HttpTarget {
  url: URL;
  headers: Record<string, string>;
}

export function httpTarget(action: V1HTTPGetAction, container: V1Container, podIp: string, agent: string): HttpTarget {
  const host = action.host || podIp;
  const port = portNumber(action.port, container);
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const headers: Record<string, string> = { 'user-agent': agent, accept: '*/*' };
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = name.toLowerCase();
    if (value === '' && key in headers) delete headers[key];
    else headers[key] = value;
  }
  const path = action.path || '/';
  const url = new URL(
    `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path.startsWith('/') ? path : `/${path}`}`,
  );
  return { url, headers };
}

function once(target: HttpTarget, timeoutMs: number): Promise<{ status: number; body: string; location?: string }> {
  const send = target.url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const options = {
      headers: target.headers,
      agent: false,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
    };
    const request = send(target.url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        if (size < bodyBytesMax) chunks.push(chunk);
        size += chunk.length;
      });
      response.on('end', () => {
        const body = Buffer.concat(chunks).subarray(0, bodyBytesMax).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** GETs a URL as probes and hooks do: certificates are not checked, redirects are followed on the same host. */
export async function httpGet(target: HttpTarget, timeoutMs: number): Promise<HttpAnswer> {
  let current = target;
  for (let hop = 0; hop <= redirectsMax; hop++) {
    const { status, body, location } = await once(current, timeoutMs);
    if (status < 300 || status >= 400 || !location) return { status, body, foreign: false };
    const next = new URL(location, current.url);
    if (next.hostname !== target.url.hostname) return { status, body, foreign: true };
    current = { ...target, url: next };
  }
  throw new Error(`stopped after ${redirectsMax} redirects`);
}
