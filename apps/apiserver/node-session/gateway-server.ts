import { status as grpcStatus, type ServerDuplexStream, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { asStatusError } from '../../../libs/base/status.ts';
import { serversOrganization } from '../../../libs/pki/cluster.ts';
import type {
  GatewayGet,
  GatewayMessage,
  GatewayOpen,
  NodeGatewayServer,
} from '../../../libs/wire/gen/berth/node/v1/gateway.ts';
import type { HttpResponse, StreamFrame } from '../../../libs/wire/gen/berth/node/v1/session.ts';
import { decodeJson, encodeFailure } from '../../../libs/wire/json.ts';
import { GatewayEnd, joinStreams } from './gateway-frames.ts';
import type { StreamKind } from './server-session.ts';
import type { NodeStreams } from './sessions.ts';

type OpenCall = ServerDuplexStream<GatewayMessage, StreamFrame>;

const refusal = { code: grpcStatus.PERMISSION_DENIED, details: 'only API servers may pass through here' };

/** Serves the nodes of this server's sessions to the other API servers of the cluster. */
export function gatewayService(sessions: NodeStreams): NodeGatewayServer {
  return {
    open: (call: OpenCall) => {
      if (!isServer(call)) call.emit('error', refusal);
      else serveOpen(call, sessions);
    },
    get: (call: ServerUnaryCall<GatewayGet, HttpResponse>, done: sendUnaryData<HttpResponse>) => {
      if (!isServer(call)) done(refusal);
      else void serveGet(call.request, sessions).then((answer) => done(null, answer));
    },
  };
}

function isServer(call: {
  getAuthContext(): { sslPeerCertificate?: { subject: { O?: string | string[] } } };
}): boolean {
  return [call.getAuthContext().sslPeerCertificate?.subject.O].flat().includes(serversOrganization);
}

function serveOpen(call: OpenCall, sessions: NodeStreams): void {
  const end = new GatewayEnd((frame) => call.write(frame));
  let opened = false;
  call.on('data', ({ body }: GatewayMessage) => {
    if (body?.$case === 'frame') end.receive(body.value);
    else if (body && !opened) {
      opened = true;
      void serve(end, body.value, sessions).finally(() => call.end());
    }
  });
  call.on('drain', () => end.drained());
  call.on('end', () => end.lost('the other API server has ended the call'));
  call.on('cancelled', () => end.lost('the other API server has gone'));
  call.on('error', (error: Error) => end.lost(error.message));
}

async function serve(end: GatewayEnd, { nodeName, stream }: GatewayOpen, sessions: NodeStreams): Promise<void> {
  const near = end.stream;
  try {
    const kind = (stream?.kind ?? '') as StreamKind;
    const request = decodeJson(stream?.request ?? Buffer.from('{}'));
    const far = await sessions.open(nodeName, { kind, request });
    near.accept();
    await joinStreams(near, far);
  } catch (error) {
    near.close(asStatusError(error));
  }
  if (!near.closed.aborted) await new Promise((resolve) => near.closed.addEventListener('abort', resolve));
}

async function serveGet({ nodeName, path }: GatewayGet, sessions: NodeStreams): Promise<HttpResponse> {
  const empty = { id: 0, status: 0, contentType: '', body: Buffer.alloc(0), failure: undefined };
  try {
    const answer = await sessions.httpGet(nodeName, path);
    return { ...empty, ...answer, body: Buffer.from(answer.body) };
  } catch (error) {
    return { ...empty, failure: encodeFailure(error) };
  }
}
