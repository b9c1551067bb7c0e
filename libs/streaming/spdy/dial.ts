import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import type { Headers } from './headers.ts';

export interface SpdyDialOptions {
  /** `X-Stream-Protocol-Version` values, best first. */
  protocols?: readonly string[];
  method?: string;
  headers?: Headers;
  /** TLS options and such for the request. */
  tls?: { ca?: string; cert?: string; key?: string; rejectUnauthorized?: boolean };
  onStream?: (stream: SpdyStream) => void;
  signal?: AbortSignal;
}

export interface SpdyDialResult {
  connection: SpdyConnection;
  /** The protocol that the server has chosen; undefined when it names none. */
  protocol: string | undefined;
}

/** The most of a refusal's body that is read into the error's message. */
const refusalBytesMax = 4096;

/** The server answered the request with something other than the upgrade. */
export class UpgradeRefusedError extends Error {
  constructor(
    readonly code: number,
    readonly body: string,
  ) {
    super(`upgrade to SPDY refused with ${code}${body === '' ? '' : `: ${body.trim()}`}`);
    this.name = 'UpgradeRefusedError';
  }
}

/** Asks the server at `url` to go on in SPDY/3.1. @throws UpgradeRefusedError, or what the connection failed with. */
export function dialSpdy(url: string, options: SpdyDialOptions = {}): Promise<SpdyDialResult> {
  const protocols = options.protocols ?? [];
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: options.method ?? 'POST',
      headers: {
        ...options.headers,
        Connection: 'Upgrade',
        Upgrade: 'SPDY/3.1',
        ...(protocols.length > 0 ? { 'X-Stream-Protocol-Version': [...protocols] } : {}),
      },
      ...options.tls,
      signal: options.signal,
      agent: false,
    });
    outgoing.once('error', reject);
    outgoing.once('upgrade', (response, socket, head) => {
      const protocol = response.headers['x-stream-protocol-version'];
      resolve({
        connection: new SpdyConnection(socket, { role: 'client', head, onStream: options.onStream }),
        protocol: Array.isArray(protocol) ? protocol[0] : protocol,
      });
    });
    outgoing.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (body.length < refusalBytesMax) body += text;
      });
      response.once('end', () => reject(new UpgradeRefusedError(response.statusCode ?? 0, body)));
      response.once('error', reject);
    });
    outgoing.end();
  });
}
