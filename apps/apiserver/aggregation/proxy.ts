import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../../libs/base/status.ts';
import { type AgentPool, serviceHost } from '../../../libs/webhook/agents.ts';
import type { ExtensionRequest } from '../extension.ts';
import { joinSockets } from '../joined-sockets.ts';
import type { AggregatedApi } from './aggregated-apis.ts';
import { onwardHeaders } from './front-proxy.ts';

/** The certificate by which aggregated servers know this one. PEM. */
export interface FrontCertificate {
  readonly certificate: string;
  readonly key: string;
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const badGateway = 502;

/** Hands requests on to aggregated servers, in the name of who makes them. */
export class AggregationProxy {
  constructor(
    private readonly agents: AgentPool,
    private readonly front: FrontCertificate | undefined,
  ) {}

  /** Opens a request as this server. */
  open(api: AggregatedApi, { method, path, headers }: { method: string; path: string; headers: object }) {
    const { ca, insecure, service } = api;
    const agent = this.agents.forService(service, { ca, insecure, ...this.front });
    const host = serviceHost(service);
    return httpsRequest({ agent, host, port: service.port, method, path, headers: { ...headers, host } });
  }

  forward(api: AggregatedApi, request: ExtensionRequest, response: ServerResponse): Promise<void> {
    requireAvailable(api);
    const { raw, user, body, method } = request;
    const headers = onwardHeaders(raw.headers, user, raw.socket.remoteAddress ?? '');
    if (body.length > 0) headers['content-length'] = body.length;
    return new Promise((resolve, reject) => {
      const onward = this.open(api, { method, path: raw.url ?? '/', headers });
      const fail = (error: Error) => reject(unreachable(error));
      onward.once('error', fail);
      onward.once('response', (answer) => {
        answer.once('error', fail);
        response.once('close', () => {
          if (!answer.complete) onward.destroy();
          resolve();
        });
        response.writeHead(answer.statusCode ?? badGateway, endToEnd(answer));
        response.flushHeaders();
        answer.pipe(response);
      });
      response.once('close', () => onward.destroyed || (response.writableFinished ? undefined : onward.destroy()));
      onward.end(body);
    });
  }

  upgrade(api: AggregatedApi, request: ExtensionRequest, client: { socket: Duplex; head: Buffer }): Promise<void> {
    requireAvailable(api);
    const { raw, user, method } = request;
    const headers = {
      ...onwardHeaders(raw.headers, user, raw.socket.remoteAddress ?? ''),
      connection: 'Upgrade',
      upgrade: raw.headers.upgrade,
    };
    return new Promise((resolve, reject) => {
      const onward = this.open(api, { method, path: raw.url ?? '/', headers });
      onward.once('error', (error: Error) => reject(unreachable(error)));
      onward.once('response', (answer) => {
        answer.resume();
        reject(new StatusError('BadRequest', `the server did not upgrade the connection: ${answer.statusCode}`));
      });
      onward.once('upgrade', (answer, backend, head) => {
        resolve(joined(answer, { backend, head }, client));
      });
      onward.end();
    });
  }
}

function joined(
  answer: IncomingMessage,
  { backend, head }: { backend: Duplex; head: Buffer },
  client: { socket: Duplex; head: Buffer },
): Promise<void> {
  const lines: string[] = [];
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}\r\n`);
  }
  client.socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('')}\r\n`);
  client.socket.write(head);
  backend.write(client.head);
  return joinSockets(backend, client.socket);
}

function requireAvailable({ available }: AggregatedApi): void {
  if (!available) throw new StatusError('ServiceUnavailable', 'service unavailable');
}

function unreachable(error: Error): StatusError {
  return new StatusError('ServiceUnavailable', `error trying to reach service: ${error.message}`, { cause: error });
}

function endToEnd({ headers }: IncomingMessage): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}
