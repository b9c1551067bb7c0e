import { createServer, type ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** Protocols that the server speaks, the preferred one first (ALPN, RFC 7301). */
export const protocols = ['h2', 'http/1.1'];

/** Requests that one connection may have open at once; a client with many watches has one connection for them all. */
const concurrentStreamsMax = 1_000;
/** What one connection may hold in memory, in megabytes: the backlogs of all its watches. */
const sessionMegabytesMax = 256;
/** How much of a body a client may send before it is read. */
const windowBytes = 1024 * 1024;

/** How long a request's line and headers may be together: commands to run in a container stand in the line, whole scripts at times. */
export const headerBytesMax = 1024 * 1024;

export interface Http2Face {
  /** Takes no new requests; connections end with their last stream. */
  close(): void;
}

/**
 * Serves HTTP/2 on the connections of an HTTPS server whose clients chose it. Those of HTTP/1.1 stay with that server
 * untouched, because Node's own server for both is slower at them; requests of either arrive at its handler.
 */
export function serveHttp2(server: Server, idleTimeoutMs: number): Http2Face {
  const sessions = new Set<ServerHttp2Session>();
  const http2 = createServer({
    settings: {
      maxConcurrentStreams: concurrentStreamsMax,
      initialWindowSize: windowBytes,
      maxHeaderListSize: headerBytesMax,
    },
    maxSessionMemory: sessionMegabytesMax,
  });
  http2.on('request', (request, response) => server.emit('request', request, response));
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setTimeout(idleTimeoutMs, () => session.close());
  });
  const [serveHttp1] = server.listeners('secureConnection') as Array<(socket: TLSSocket) => void>;
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
    else serveHttp1?.call(server, socket);
  });
  return {
    close: () => {
      for (const session of sessions) session.close();
    },
  };
}
