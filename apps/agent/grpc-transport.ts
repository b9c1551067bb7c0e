import { Client, type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js';
import type { SessionTransport, TransportConnection, TransportEvents } from '../../libs/node/session/transport.ts';
import type { NodeIdentity } from '../../libs/pki/identity.ts';
import {
  type AgentMessage,
  NodeSessionService,
  type ServerMessage,
} from '../../libs/wire/gen/berth/node/v1/session.ts';

export interface GrpcTransportOptions {
  /** `host:port` of the control plane's node sessions, one for each API server; tried in turn. */
  targets: readonly string[];
  /** Read anew for each connection: the certificate may have been renewed. */
  identity: () => NodeIdentity;
}

/** A name that the authority certifies for API servers only. */
const serverName = 'kubernetes.default.svc';
/** As large as the server allows. */
const messageBytesMax = 16 * 1024 * 1024;
/** Bytes under way on the connection: HTTP/2's 64 KiB would be little for all streams of a node over a long line. */
const flowWindowBytes = 1024 * 1024;

/** Sessions over gRPC with mutual TLS. Each attempt is a channel of its own; when to try again is the link's decision. */
export function grpcTransport(options: GrpcTransportOptions): SessionTransport {
  let attempts = 0;
  return { connect: (events) => connect(options.targets[attempts++ % options.targets.length]!, options, events) };
}

function connect(target: string, options: GrpcTransportOptions, events: TransportEvents): TransportConnection {
  const { ca, key, certificate } = options.identity();
  const secure = credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(certificate));
  const client = new Client(target, secure, {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.enable_retries': 0,
    'grpc-node.flow_control_window': flowWindowBytes,
    'grpc.use_local_subchannel_pool': 1,
    // Whatever address leads to it, the server must be this cluster's API server.
    'grpc.ssl_target_name_override': serverName,
    'grpc.default_authority': serverName,
  });
  const { path, requestSerialize, responseDeserialize } = NodeSessionService.connect;
  const call: ClientDuplexStream<AgentMessage, ServerMessage> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  let over = false;
  const end = (error: Error) => {
    if (over) return;
    over = true;
    client.close();
    events.closed(error);
  };
  call.on('data', (message: ServerMessage) => {
    if (!over) events.message(message);
  });
  call.on('drain', () => {
    if (!over) events.drained();
  });
  call.on('error', (error: ServiceError) => end(new Error(error.details || error.message, { cause: error })));
  call.on('end', () => end(new Error('the control plane has ended the session')));
  return {
    send: (message) => over || call.write(message),
    close() {
      over = true;
      call.cancel();
      client.close();
    },
  };
}
