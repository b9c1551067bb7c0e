import { Client, type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js';
import type { ByteStream } from '../../../libs/node/link.ts';
import type { KeyPair } from '../../../libs/pki/issue.ts';
import { type GatewayMessage, NodeGatewayService } from '../../../libs/wire/gen/berth/node/v1/gateway.ts';
import type { HttpResponse, StreamFrame } from '../../../libs/wire/gen/berth/node/v1/session.ts';
import { decodeFailure, encodeJson } from '../../../libs/wire/json.ts';
import { GatewayEnd, gatewayLost, gatewayStreamId } from './gateway-frames.ts';
import type { NodeHttpAnswer } from './server-session.ts';
import type { NodeStreams } from './sessions.ts';

export interface GatewayClientOptions {
  /** PEM of the cluster's authority. */
  ca: string;
  /** The certificate by which API servers know each other. */
  peer: KeyPair;
}

/** A name that the authority certifies for API servers only. */
const serverName = 'kubernetes.default.svc';
const getTimeoutMs = 20_000;

/** Reaches nodes through the API server at `target` (`host:port`). Each call is a connection of its own. */
export function gatewayNodes(target: string, options: GatewayClientOptions): NodeStreams {
  const dial = () => {
    const { ca, peer } = options;
    const secure = credentials.createSsl(Buffer.from(ca), Buffer.from(peer.key), Buffer.from(peer.certificate));
    return new Client(target, secure, {
      'grpc.ssl_target_name_override': serverName,
      'grpc.default_authority': serverName,
      'grpc.enable_retries': 0,
    });
  };
  return {
    open: (nodeName, call) => openStream(dial(), nodeName, call),
    httpGet: (nodeName, path) => getPage(dial(), { nodeName, path }),
  };
}

async function openStream(
  client: Client,
  nodeName: string,
  { kind, request, signal }: Parameters<NodeStreams['open']>[1],
): Promise<ByteStream> {
  const { path, requestSerialize, responseDeserialize } = NodeGatewayService.open;
  const call: ClientDuplexStream<GatewayMessage, StreamFrame> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  const end = new GatewayEnd((frame) => call.write({ body: { $case: 'frame', value: frame } }));
  call.on('data', (frame: StreamFrame) => end.receive(frame));
  call.on('drain', () => end.drained());
  call.on('end', () => end.lost('the other API server has ended the call'));
  call.on('error', (error: ServiceError) => end.lost(error.details || error.message));
  const { stream } = end;
  stream.closed.addEventListener('abort', () => {
    call.end();
    client.close();
  });
  signal?.addEventListener('abort', () => stream.close(), { once: true });
  const open = { id: gatewayStreamId, kind, request: encodeJson(request) };
  call.write({ body: { $case: 'open', value: { nodeName, stream: open } } });
  await stream.accepted;
  return stream;
}

function getPage(client: Client, request: { nodeName: string; path: string }): Promise<NodeHttpAnswer> {
  const { path, requestSerialize, responseDeserialize } = NodeGatewayService.get;
  const deadline = getTimeoutMs;
  return new Promise<HttpResponse>((resolve, reject) => {
    const timeout = AbortSignal.timeout(deadline);
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
      answer ? resolve(answer) : reject(gatewayLost(error?.details || 'the other API server does not answer')),
    );
    timeout.addEventListener('abort', () => call.cancel());
  })
    .then((answer) => {
      if (answer.failure) throw decodeFailure(answer.failure);
      return answer;
    })
    .finally(() => client.close());
}
