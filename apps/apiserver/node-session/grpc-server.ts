import { status as grpcStatus, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { isStatus } from '../../../libs/base/status.ts';
import { NodeGatewayService } from '../../../libs/wire/gen/berth/node/v1/gateway.ts';
import {
  type AgentMessage,
  NodeSessionService,
  type ServerMessage,
} from '../../../libs/wire/gen/berth/node/v1/session.ts';
import { type HealthCheckResponse, HealthService } from '../../../libs/wire/gen/grpc/health/v1/health.ts';
import { gatewayService } from './gateway-server.ts';
import type { Sessions } from './sessions.ts';

export interface GrpcServerOptions {
  host: string;
  port: number;
  /** PEM texts. */
  ca: string;
  certificate: string;
  key: string;
}

/** An object with all that a store holds, as JSON, and a batch of them fit. */
const messageBytesMax = 16 * 1024 * 1024;
const nodeNamePrefix = 'system:node:';
const servedServices: ReadonlySet<string> = new Set(['', 'berth.node.v1.NodeSession', 'berth.node.v1.NodeGateway']);
const serving: HealthCheckResponse = { status: 1 };

/** Serves node sessions and their health over mutual TLS. Resolves with the port once it listens. */
export async function startGrpcServer(options: GrpcServerOptions, sessions: Sessions) {
  const server = new Server({
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
  });
  server.addService(NodeSessionService, {
    connect: (call: ServerDuplexStream<AgentMessage, ServerMessage>) => connect(call, sessions),
  });
  server.addService(NodeGatewayService, gatewayService(sessions));
  addHealth(server);
  const credentials = ServerCredentials.createSsl(
    Buffer.from(options.ca),
    [{ cert_chain: Buffer.from(options.certificate), private_key: Buffer.from(options.key) }],
    true,
  );
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${options.port}`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

function connect(call: ServerDuplexStream<AgentMessage, ServerMessage>, sessions: Sessions): void {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const commonName = String(certificate?.subject.CN ?? '');
  const organizations = [certificate?.subject.O].flat();
  if (!commonName.startsWith(nodeNamePrefix) || !organizations.includes('system:nodes')) {
    const details = `the certificate of ${commonName || 'nobody'} is not a node's`;
    call.emit('error', { code: grpcStatus.PERMISSION_DENIED, details });
    return;
  }
  let over = false;
  const events = sessions.connected(commonName.slice(nodeNamePrefix.length), {
    send: (message) => over || call.write(message),
    close: (error) => {
      if (over) return;
      over = true;
      if (error) call.emit('error', { code: codeOf(error), details: error.message });
      else call.end();
      events.closed(error);
    },
  });
  const closed = (error?: Error) => {
    if (over) return;
    over = true;
    events.closed(error);
    call.end();
  };
  call.on('data', (message: AgentMessage) => {
    if (!over) events.message(message);
  });
  call.on('drain', () => events.drained());
  call.on('end', () => closed());
  call.on('cancelled', () => closed(new Error('the agent has gone')));
  call.on('error', (error: Error) => closed(error));
}

function codeOf(error: Error): number {
  if (isStatus(error, 'Forbidden')) return grpcStatus.PERMISSION_DENIED;
  if (isStatus(error, 'Conflict')) return grpcStatus.ABORTED;
  if (isStatus(error, 'BadRequest')) return grpcStatus.INVALID_ARGUMENT;
  return grpcStatus.UNAVAILABLE;
}

/** The server is healthy for as long as it answers: it listens only while it serves. */
function addHealth(server: Server): void {
  const notFound = { code: grpcStatus.NOT_FOUND, details: 'unknown service' };
  server.addService(HealthService, {
    check: (
      call: { request: { service: string } },
      callback: (error: object | null, value?: HealthCheckResponse) => void,
    ) => (servedServices.has(call.request.service) ? callback(null, serving) : callback(notFound)),
    watch: (call: {
      request: { service: string };
      write(value: HealthCheckResponse): void;
      on(event: 'cancelled', run: () => void): void;
      end(): void;
    }) => {
      call.write(servedServices.has(call.request.service) ? serving : { status: 3 });
      call.on('cancelled', () => call.end());
    },
  });
}
