import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { sendError } from './answers.ts';
import type { Dispatcher } from './dispatcher.ts';
import { readBody } from './read-body.ts';

/** Reads the body, if there is one, and hands the request to the dispatcher, which answers in any case. */
export function serveRequest(
  dispatcher: Dispatcher,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!hasBody(request)) return dispatcher.handle(request, response);
  return readBody(request).then(
    (body) => dispatcher.handle(request, response, body),
    (error: unknown) => void sendError(response, error),
  );
}

/** RFC 9112, section 6: a request has a body when one of these headers says so. HTTP/2 ends streams without one. */
function hasBody(request: IncomingMessage): boolean {
  if (request.httpVersionMajor === 2) return !(request as unknown as Http2ServerRequest).stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Lets requests for resources pass the framework by. Its routing, hooks and reply objects serve nobody here, since the
 * dispatcher knows the routes and writes bytes, and they cost as much time as reading an object from memory.
 * Returns the way to say that the server stops: connections then end with their next answer.
 */
export function takeShortcut(server: Server, dispatcher: Dispatcher): () => void {
  const [framework] = server.listeners('request') as Listener[];
  let stopping = false;
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isResource(request.url ?? '')) return framework?.call(server, request, response);
    if (stopping && request.httpVersionMajor === 1) response.setHeader('connection', 'close');
    void serveRequest(dispatcher, request, response);
  });
  return () => {
    stopping = true;
  };
}

function isResource(url: string): boolean {
  return url.startsWith('/api/') || url.startsWith('/apis/');
}
