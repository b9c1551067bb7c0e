import { nodes } from '../../../libs/api/kinds/node.ts';
import type { Clock, Timer } from '../../../libs/base/clock.ts';
import { StatusError } from '../../../libs/base/status.ts';
import type { ByteStream } from '../../../libs/node/link.ts';
import type { AgentMessage } from '../../../libs/wire/gen/berth/node/v1/session.ts';
import type { AgentConnection, AgentConnectionEvents } from './connection.ts';
import { nodeSilenceMsMax, type SessionLeases } from './leases.ts';
import { type NodeHttpAnswer, ServerSession, type StreamKind } from './server-session.ts';
import type { SessionServices } from './services.ts';

/** How the rest of the API server reaches nodes. */
export interface NodeStreams {
  /** @throws StatusError ServiceUnavailable when the node has no session here, or as its agent refuses. */
  open(nodeName: string, call: { kind: StreamKind; request: unknown; signal?: AbortSignal }): Promise<ByteStream>;
  httpGet(nodeName: string, path: string): Promise<NodeHttpAnswer>;
}

export interface SessionsOptions {
  services: SessionServices;
  leases: SessionLeases;
  clock: Clock;
}

/** An agent that connects must say who it is within this time. */
const helloTimeoutMs = 10_000;

/** The sessions that this server holds, one per node. */
export class Sessions implements NodeStreams {
  private readonly sessions = new Map<string, ServerSession>();
  private readonly releases = new Map<string, Timer>();
  private readonly stopWatching: () => void;

  constructor(private readonly options: SessionsOptions) {
    this.stopWatching = options.services.board.informers.of(nodes).addHandler({
      updated: (node) => this.sessions.get(node.metadata?.name ?? '')?.nodeSeen(node),
    });
  }

  get size(): number {
    return this.sessions.size;
  }

  has(nodeName: string): boolean {
    return this.sessions.has(nodeName);
  }

  /** The byte streams that nodes serve now. */
  get streamCount(): number {
    return [...this.sessions.values()].reduce((sum, session) => sum + session.streamCount, 0);
  }

  /** Objects that wait to be sent to agents. */
  get waiting(): number {
    return [...this.sessions.values()].reduce((sum, session) => sum + session.waiting, 0);
  }

  /** Takes a connection whose certificate speaks for `nodeName`; its session begins with its Hello. */
  connected(nodeName: string, connection: AgentConnection): AgentConnectionEvents {
    let session: ServerSession | undefined;
    const timer = this.options.clock.setTimer(helloTimeoutMs, () =>
      connection.close(new StatusError('Timeout', 'no Hello has come')),
    );
    return {
      message: (message) => {
        if (session) return this.receive(session, message);
        timer.cancel();
        session = this.begin(nodeName, connection, message);
      },
      drained: () => session?.drained(),
      closed: (error) => {
        timer.cancel();
        session?.end(error);
        if (session) this.ended(session);
      },
    };
  }

  async open(...[nodeName, call]: Parameters<NodeStreams['open']>): Promise<ByteStream> {
    return await this.session(nodeName).open(call.kind, call.request, call.signal);
  }

  async httpGet(nodeName: string, path: string): Promise<NodeHttpAnswer> {
    return await this.session(nodeName).httpGet(path);
  }

  /** Nobody holds the Lease of a node any more: takes it again while its session lasts. */
  givenUp(nodeName: string): void {
    const session = this.sessions.get(nodeName);
    if (!session) return;
    this.options.services.logger.warn('the lease of a node was given up while its session lasts', { node: nodeName });
    this.record(session);
  }

  stop(): void {
    this.stopWatching();
    for (const timer of this.releases.values()) timer.cancel();
    const ending = [...this.sessions.values()];
    // Leases stay: the agents will find another server, or this one when it is back.
    this.sessions.clear();
    for (const session of ending) session.end(new StatusError('ServiceUnavailable', 'the server is stopping'));
  }

  private session(nodeName: string): ServerSession {
    const session = this.sessions.get(nodeName);
    if (session) return session;
    throw new StatusError('ServiceUnavailable', `node ${nodeName || '(none)'} has no session with this API server`);
  }

  private receive(session: ServerSession, message: AgentMessage): void {
    try {
      session.receive(message);
    } catch (error) {
      // Damaged messages end the session: what else is in it cannot be trusted either.
      session.end(error as Error);
    }
  }

  private begin(nodeName: string, connection: AgentConnection, first: AgentMessage): ServerSession | undefined {
    const { services, clock } = this.options;
    const hello = first.body;
    if (hello?.$case !== 'hello' || hello.value.nodeName !== nodeName) {
      connection.close(new StatusError('Forbidden', `the certificate speaks for node ${nodeName}, the Hello does not`));
      return undefined;
    }
    const previous = this.sessions.get(nodeName);
    if (previous) {
      services.logger.warn('a newer session of the node replaces the one before', { node: nodeName });
      previous.end(new StatusError('Conflict', `another session of node ${nodeName} has begun`));
    }
    this.releases.get(nodeName)?.cancel();
    this.releases.delete(nodeName);
    const session = new ServerSession(nodeName, { hello: hello.value, connection, services, clock });
    this.sessions.set(nodeName, session);
    services.logger.info('node connected', { node: nodeName, agent: hello.value.agentVersion });
    this.record(session);
    session.begin();
    return session;
  }

  private record(session: ServerSession): void {
    const { leases, services } = this.options;
    void leases.take(session.nodeName).catch((error: unknown) => {
      services.logger.warn('could not take the lease of a node', { node: session.nodeName, error });
      session.end(new StatusError('ServiceUnavailable', 'the session cannot be recorded'));
    });
  }

  /** The Lease is released after the rest of the time that a node may be silent. */
  private ended(session: ServerSession): void {
    const { nodeName } = session;
    if (this.sessions.get(nodeName) !== session) return;
    this.sessions.delete(nodeName);
    const { leases, services, clock } = this.options;
    services.logger.info('node disconnected', { node: nodeName });
    const timer = clock.setTimer(Math.max(0, nodeSilenceMsMax - session.silentMs), () => {
      this.releases.delete(nodeName);
      services.usage.remove(nodeName);
      leases.release(nodeName).catch((error: unknown) => {
        services.logger.warn('could not release the lease of a node', { node: nodeName, error });
      });
    });
    this.releases.set(nodeName, timer);
  }
}
