import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { SpdyConnection, type SpdyStream } from './connection.ts';

/** Whether the request asks to go on in SPDY. */
export function asksForSpdy(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase() === 'spdy/3.1';
}

/** `X-Stream-Protocol-Version` values, in the client's order. */
export function offeredStreamProtocols(request: IncomingMessage): string[] {
  const given = request.headers['x-stream-protocol-version'];
  return [given ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/** Answers the upgrade and speaks SPDY from there on. */
export function acceptSpdy(
  { socket, head }: { socket: Duplex; head: Buffer },
  options: { protocol: string; onStream: (stream: SpdyStream) => void },
): SpdyConnection {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
  if (options.protocol !== '') lines.push(`X-Stream-Protocol-Version: ${options.protocol}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new SpdyConnection(socket, { role: 'server', head, onStream: options.onStream });
}
