import type { ServerResponse } from 'node:http';
import { assert } from '../../../libs/base/assert.ts';
import { StatusError } from '../../../libs/base/status.ts';
import type { ApiServerExtension, ExtensionContext, ExtensionRequest } from '../extension.ts';
import { Board } from './board.ts';
import { EventWriter } from './event-writer.ts';
import { startGrpcServer } from './grpc-server.ts';
import { followHeld } from './held-leases.ts';
import { answerJoinPath } from './join.ts';
import { SessionLeases } from './leases.ts';
import { NodeCalls } from './node-calls.ts';
import { PodWriter } from './pod-writer.ts';
import { RoutedNodes } from './routed-nodes.ts';
import { type NodeStreams, Sessions } from './sessions.ts';

export interface NodeSessionOptions {
  /** All addresses when absent. */
  host?: string;
  /** One above the API server's when absent; 0 lets the system choose. */
  port?: number;
  /** The address by which other API servers reach this one; 127.0.0.1 when absent. */
  advertiseAddress?: string;
  pki: {
    /** PEM; what agents' certificates are held against. */
    ca: { certificate: string };
    apiserver: { certificate: string; key: string };
    peer: { certificate: string; key: string };
    signNodeRequest(name: string, request: string): Promise<string>;
  };
}

/** The extension, and what other extensions reach nodes by. */
export interface NodeSessionExtension extends ApiServerExtension {
  readonly nodes: NodeStreams;
  /** Where node sessions are served, once started. */
  readonly port: number;
}

interface Running {
  context: ExtensionContext;
  sessions: Sessions;
  nodes: NodeStreams;
  board: Board;
  held: ReturnType<typeof followHeld>;
  abort: AbortController;
  leases: Promise<void>;
  grpc: { port: number; stop(): void };
}

/** Node sessions over gRPC, and the paths by which nodes join, as an extension of the API server. */
export function nodeSessionExtension(options: NodeSessionOptions): NodeSessionExtension {
  return new NodeSessions(options);
}

class NodeSessions implements NodeSessionExtension {
  readonly name = 'node-session';
  readonly routes = [
    {
      match: { pathPrefix: '/berth/v1/' },
      anonymous: true,
      handle: (request: ExtensionRequest, response: ServerResponse) => this.join(request, response),
    },
  ];
  readonly nodes: NodeStreams;
  private running: Running | undefined;

  constructor(private readonly options: NodeSessionOptions) {
    const nodes = () => {
      if (this.running) return this.running.nodes;
      throw new StatusError('ServiceUnavailable', 'node sessions are not being served');
    };
    this.nodes = {
      open: async (nodeName, call) => await nodes().open(nodeName, call),
      httpGet: async (nodeName, path) => await nodes().httpGet(nodeName, path),
    };
  }

  get port(): number {
    assert(this.running, 'the node sessions have been started');
    return this.running.grpc.port;
  }

  async start(context: ExtensionContext): Promise<void> {
    const { client, clock, serverId, usage } = context;
    const { pki } = this.options;
    const logger = context.logger.with({ part: 'node-session' });
    const abort = new AbortController();
    const board = new Board({ client, clock, logger });
    await board.start(abort.signal);
    const writing = { client, clock, logger, signal: abort.signal };
    const podWriter = new PodWriter({ ...writing, lookup: (key) => board.pod(key) });
    const events = new EventWriter(writing);
    const calls = new NodeCalls({ client, board, certify: (name, request) => pki.signNodeRequest(name, request) });
    const leases = new SessionLeases({ client, clock, serverId, logger });
    const services = { serverId, client, board, podWriter, events, calls, usage, logger };
    const sessions = new Sessions({ services, leases, clock });
    measure(context, sessions, podWriter);
    const held = followHeld(writing, (nodeName) => sessions.givenUp(nodeName));
    held.start();
    await Promise.all([held.waitSynced(abort.signal), leases.announce(abort.signal)]);
    const grpc = await startGrpcServer(
      {
        host: this.options.host ?? '0.0.0.0',
        port: this.options.port ?? context.port + 1,
        ca: pki.ca.certificate,
        ...pki.apiserver,
      },
      sessions,
    );
    const nodes = new RoutedNodes({ client, serverId, sessions, ca: pki.ca.certificate, peer: pki.peer });
    const address = `${this.options.advertiseAddress ?? '127.0.0.1'}:${grpc.port}`;
    const keeping = leases.keep(abort.signal, address);
    this.running = { context, sessions, nodes, board, held, abort, leases: keeping, grpc };
    logger.info('node sessions are served', { port: grpc.port });
  }

  async stop(): Promise<void> {
    const { running } = this;
    if (!running) return;
    this.running = undefined;
    running.sessions.stop();
    running.grpc.stop();
    running.abort.abort(new Error('the server is stopping'));
    await running.leases;
    await Promise.all([running.board.stop(), running.held.stop()]);
  }

  private async join(request: ExtensionRequest, response: ServerResponse): Promise<void> {
    const { running } = this;
    if (!running) throw new StatusError('ServiceUnavailable', 'node sessions are not being served');
    const { clock } = running.context;
    const answer = await answerJoinPath(request, {
      client: running.context.client,
      clock,
      ca: this.options.pki.ca.certificate,
      certify: (nodeName, signingRequest) => this.options.pki.signNodeRequest(nodeName, signingRequest),
      connected: (nodeName) => running.sessions.has(nodeName),
    });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }
}

function measure(context: ExtensionContext, sessions: Sessions, podWriter: PodWriter): void {
  const gauge = (name: string, help: string, read: () => number) =>
    context.metrics.gauge({ name, help, collect: (metric) => metric.set(read()) });
  gauge('berth_node_sessions', 'Nodes that hold a session with this server.', () => sessions.size);
  gauge('berth_node_streams', 'Byte streams (exec, logs, ...) that nodes serve now.', () => sessions.streamCount);
  gauge('berth_node_objects_waiting', 'Objects that wait to be sent to agents.', () => sessions.waiting);
  gauge('berth_node_pod_reports_waiting', 'Pods whose reports are not written yet.', () => podWriter.size);
}
