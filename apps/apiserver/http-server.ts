import 'reflect-metadata';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply } from 'fastify';
import type { Clock } from '../../libs/base/clock.ts';
import { StatusError } from '../../libs/base/status.ts';
import { badRequest } from '../../libs/registry/errors.ts';
import { sendError } from './answers.ts';
import { apiModule } from './api.module.ts';
import { type Dispatcher, refuseSocket } from './dispatcher.ts';
import { headerBytesMax, protocols, serveHttp2 } from './http2.ts';
import type { ApiServerPki } from './options.ts';
import { takeShortcut } from './serve-request.ts';

/** How long a client may take for its headers, and for a whole request. */
const headersTimeoutMs = 30_000;
const requestTimeoutMs = 60_000;
/** Idle connections stay open this long: clients keep pools of them. */
const keepAliveTimeoutMs = 120_000;
/** What is still connected this long after the server has stopped is cut off: clients may be gone without a word. */
const closeGraceMs = 2_000;

export interface HttpServer {
  readonly port: number;
  /** Refuses new connections and ends idle ones; resolves when the last has ended. */
  close(): Promise<void>;
}

/** Listens with TLS, asking for client certificates but not insisting: tokens are credentials too. */
export async function listen(
  dispatcher: Dispatcher,
  { pki, host, port, clock }: { pki: ApiServerPki; host: string; port: number; clock: Clock },
): Promise<HttpServer> {
  const adapter = new FastifyAdapter({
    https: {
      key: pki.serverKey,
      cert: pki.serverCertificate,
      ca: pki.caCertificate,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: protocols,
      maxHeaderSize: headerBytesMax,
    },
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: refuse,
    clientErrorHandler: refuseClient,
  });
  const app = await NestFactory.create<NestFastifyApplication>(apiModule(dispatcher), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  configure(adapter);
  app.useGlobalFilters(new StatusFilter());
  const server = adapter.getHttpServer() as unknown as Server;
  server.headersTimeout = headersTimeoutMs;
  server.on('upgrade', (request, socket, head) => void dispatcher.upgrade(request, socket, head));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const stopping = takeShortcut(server, dispatcher);
  const http2 = serveHttp2(server, keepAliveTimeoutMs);
  const connections = openConnections(server);
  await app.listen({ port, host });
  const close = async () => {
    stopping();
    http2.close();
    const cut = clock.setTimer(closeGraceMs, () => {
      for (const socket of connections) socket.destroy();
    });
    await app.close();
    cut.cancel();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function openConnections(server: Server): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  return connections;
}

/** Bodies stay unread: what they are read as depends on the resource, and the controller reads them. */
function configure(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

/** What Fastify refuses before a handler sees it is answered as a Status too. */
function refuse(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  reply.hijack();
  sendError(reply.raw, statusOf(error));
}

@Catch()
class StatusFilter implements ExceptionFilter {
  catch(error: FastifyError, host: ArgumentsHost): void {
    refuse(error, undefined, host.switchToHttp().getResponse<FastifyReply>());
  }
}

function statusOf(error: FastifyError | HttpException): Error {
  const code = error instanceof HttpException ? error.getStatus() : error.statusCode;
  if (code !== undefined && code >= 400 && code < 500) {
    return new StatusError('BadRequest', error.message, { cause: error });
  }
  return error;
}

/** What is no HTTP at all, or too slow. */
function refuseClient(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  refuseSocket(
    socket,
    slow
      ? new StatusError('Timeout', 'the request came too slowly', { code: 408 })
      : badRequest('malformed HTTP request'),
  );
}
