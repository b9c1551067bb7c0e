import { asStatusError, StatusError } from '../../base/status.ts';
import type { HttpRequest, HttpResponse, StreamOpen } from '../../wire/gen/berth/node/v1/session.ts';
import { decodeJson, encodeFailure } from '../../wire/json.ts';
import type { ByteStream, NodeHandlers } from '../link.ts';
import type { SessionStream } from './session-stream.ts';

const notReady = () => new StatusError('ServiceUnavailable', 'the agent is still starting');

/** Hands a stream that the control plane has opened to its handler and closes it with what the handler ended with. */
export async function serveStream(
  open: StreamOpen,
  stream: SessionStream,
  handlers: NodeHandlers | undefined,
): Promise<void> {
  try {
    if (!handlers) throw notReady();
    await dispatch(open, stream, handlers);
    stream.close();
  } catch (error) {
    stream.close(asStatusError(error));
  }
}

async function dispatch(open: StreamOpen, stream: ByteStream, handlers: NodeHandlers): Promise<void> {
  switch (open.kind) {
    case 'exec':
      return handlers.exec(decodeJson(open.request), stream);
    case 'attach':
      return handlers.attach(decodeJson(open.request), stream);
    case 'logs':
      return handlers.logs(decodeJson(open.request), stream);
    case 'portForward':
      return handlers.portForward(decodeJson(open.request), stream);
    default:
      throw new StatusError('BadRequest', `this agent knows no streams of kind ${open.kind}`);
  }
}

/** Answers one request of the API server's node proxy. */
export async function serveHttp(request: HttpRequest, handlers: NodeHandlers | undefined): Promise<HttpResponse> {
  const empty = { id: request.id, status: 0, contentType: '', body: Buffer.alloc(0), failure: undefined };
  try {
    if (!handlers) throw notReady();
    const answer = await handlers.http({ method: request.method, path: request.path });
    return { ...empty, status: answer.status, contentType: answer.contentType, body: Buffer.from(answer.body) };
  } catch (error) {
    return { ...empty, failure: encodeFailure(error) };
  }
}
