import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** The largest message that a client may send. */
const messageBytesMax = 1024 * 1024;

/** Browsers cannot set the headers of a WebSocket, so they put their token among the protocols. */
const tokenPrefix = 'base64url.bearer.authorization.k8s.io.';

/** The subprotocols that a request offers, in its order; none when it names none. */
export function offeredProtocols(request: IncomingMessage): string[] {
  return namedProtocols(request).filter((protocol) => !protocol.startsWith(tokenPrefix));
}

/** The bearer token that stands among the subprotocols. */
export function offeredToken(request: IncomingMessage): string | undefined {
  const found = namedProtocols(request).find((protocol) => protocol.startsWith(tokenPrefix));
  return found === undefined ? undefined : Buffer.from(found.slice(tokenPrefix.length), 'base64url').toString();
}

function namedProtocols(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/** Whether the request asks for a WebSocket at all. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase() === 'websocket';
}

/** Completes the handshake with the protocol chosen; `''` when the client has named none. */
export function acceptWebSocket(
  request: IncomingMessage,
  connection: { socket: Duplex; head: Buffer },
  protocol: string,
): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
  });
  // The names of Kubernetes' protocols are not all tokens in the sense of HTTP (SPDY/3.1+portforward.k8s.io), which the
  // library insists on; so the choice is made and answered here.
  delete request.headers['sec-websocket-protocol'];
  if (protocol !== '') server.once('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    connection.socket.once('error', reject);
    server.once('wsClientError', reject);
    server.handleUpgrade(request, connection.socket, connection.head, (socket) => {
      connection.socket.off('error', reject);
      resolve(socket);
    });
  });
}
