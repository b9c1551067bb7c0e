import type { CoreV1Event, V1Node, V1NodeStatus, V1PodStatus } from '../../../libs/api/gen/types.ts';
import type { Clock, Timer } from '../../../libs/base/clock.ts';
import { asStatusError, StatusError } from '../../../libs/base/status.ts';
import type { ByteStream, MirroredResource, NodeUsage } from '../../../libs/node/link.ts';
import { ByteStreams } from '../../../libs/node/session/byte-streams.ts';
import { Outbox } from '../../../libs/node/session/outbox.ts';
import type {
  AgentMessage,
  CallRequest,
  Hello,
  HttpResponse,
  ServerMessage,
} from '../../../libs/wire/gen/berth/node/v1/session.ts';
import { decodeFailure, decodeJson, encodeFailure, encodeJson } from '../../../libs/wire/json.ts';
import type { BoardListener } from './board.ts';
import type { AgentConnection } from './connection.ts';
import { DownQueue } from './down-queue.ts';
import { nodeSilenceMsMax } from './leases.ts';
import { NodeWriter } from './node-writer.ts';
import type { SessionServices } from './services.ts';

export type StreamKind = 'exec' | 'attach' | 'logs' | 'portForward';

export interface NodeHttpAnswer {
  status: number;
  contentType: string;
  body: Uint8Array;
}

const heartbeatIntervalMs = 2_000;
const acceptTimeoutMs = 30_000;
const httpTimeoutMs = 15_000;
/** Byte streams that one node serves at once; more are refused. */
const streamsMax = 512;
/** Urgent messages that a connection may owe before the session is ended as dead. */
const urgentMax = 10_000;

/** One agent's session, from its Hello on. */
export class ServerSession implements BoardListener {
  private readonly outbox: Outbox<ServerMessage>;
  private readonly streams: ByteStreams;
  private readonly down: DownQueue;
  private readonly abort = new AbortController();
  private readonly nodeWriter: NodeWriter;
  private readonly http = new Map<number, (answer: HttpResponse) => void>();
  private acknowledged: number[] = [];
  private lastId = 0;
  private readonly unsubscribe: () => void;
  private silenceTimer: Timer;
  private heardAtMs: number;

  constructor(
    readonly nodeName: string,
    private readonly parts: { hello: Hello; connection: AgentConnection; services: SessionServices; clock: Clock },
  ) {
    const { hello, connection, services, clock } = parts;
    this.heardAtMs = clock.monotonic();
    this.outbox = new Outbox((message) => connection.send(message));
    this.streams = new ByteStreams({
      urgent: (frame) => this.outbox.push({ body: { $case: 'stream', value: frame } }),
      wake: () => this.outbox.wake(),
    });
    this.down = new DownQueue(services.board, nodeName, hello.known);
    this.outbox.addSource(() => this.pullAcknowledgement());
    this.outbox.addSource(() => this.down.pull());
    this.outbox.addSource(() => {
      const frame = this.streams.pull();
      return frame && { body: { $case: 'stream', value: frame } };
    });
    this.nodeWriter = new NodeWriter({
      client: services.client,
      nodeName,
      registration: decodeJson<V1Node>(hello.node),
      clock,
      logger: services.logger,
      signal: this.abort.signal,
    });
    this.unsubscribe = services.board.subscribe(this);
    this.silenceTimer = this.watchSilence();
  }

  /** Welcomes the agent, registers its Node and begins to send. */
  begin(): void {
    const { serverId } = this.parts.services;
    const welcome = { serverId, heartbeatIntervalMs, silenceMaxMs: nodeSilenceMsMax };
    this.nodeWriter.register();
    this.outbox.push({ body: { $case: 'welcome', value: welcome } });
  }

  /** How long the agent has been silent. */
  get silentMs(): number {
    return this.parts.clock.monotonic() - this.heardAtMs;
  }

  get streamCount(): number {
    return this.streams.size;
  }

  get waiting(): number {
    return this.down.size;
  }

  changed(resource: MirroredResource, key: string): void {
    this.down.changed(resource, key);
    this.outbox.wake();
  }

  /** Someone has written the Node object. */
  nodeSeen(node: V1Node): void {
    this.nodeWriter.seen(node);
  }

  drained(): void {
    this.outbox.drained();
  }

  receive(message: AgentMessage): void {
    this.heardAtMs = this.parts.clock.monotonic();
    const body = message.body;
    switch (body?.$case) {
      case 'heartbeat':
        this.outbox.push({ body: { $case: 'heartbeat', value: { sequence: body.value.sequence } } });
        break;
      case 'stream':
        this.streams.receive(body.value);
        break;
      case 'call':
        void this.answer(body.value);
        break;
      case 'http':
        this.http.get(body.value.id)?.(body.value);
        break;
      case 'usage':
        this.parts.services.usage.report(this.nodeName, decodeJson<NodeUsage>(body.value));
        break;
      default:
        this.report(body);
    }
  }

  /** Opens a byte stream on the node; resolves once the agent serves it. @throws StatusError as the agent refused. */
  async open(kind: StreamKind, request: unknown, signal?: AbortSignal): Promise<ByteStream> {
    if (this.streams.size >= streamsMax) {
      throw new StatusError('TooManyRequests', `node ${this.nodeName} serves ${streamsMax} streams already`);
    }
    const id = ++this.lastId;
    const stream = this.streams.add(id);
    const timer = this.parts.clock.setTimer(acceptTimeoutMs, () => {
      stream.peerClosed(new StatusError('Timeout', `node ${this.nodeName} has not answered in time`));
    });
    const onAbort = () => stream.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    stream.closed.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort), { once: true });
    this.outbox.push({ body: { $case: 'open', value: { id, kind, request: encodeJson(request) } } });
    try {
      await stream.accepted;
      return stream;
    } finally {
      timer.cancel();
    }
  }

  /** Asks the agent's own pages: metrics and such. */
  async httpGet(path: string): Promise<NodeHttpAnswer> {
    const id = ++this.lastId;
    const answer = await new Promise<HttpResponse>((resolve, reject) => {
      const timer = this.parts.clock.setTimer(httpTimeoutMs, () => {
        this.http.delete(id);
        reject(new StatusError('Timeout', `node ${this.nodeName} has not answered in time`));
      });
      this.http.set(id, (value) => {
        timer.cancel();
        this.http.delete(id);
        resolve(value);
      });
      this.outbox.push({ body: { $case: 'http', value: { id, method: 'GET', path } } });
    });
    if (answer.failure) throw decodeFailure(answer.failure);
    return answer;
  }

  /** Ends the session. The connection's own end comes here too. */
  end(error?: Error): void {
    if (this.abort.signal.aborted) return;
    this.abort.abort();
    this.unsubscribe();
    this.silenceTimer.cancel();
    this.outbox.close();
    const failure = encodeFailure(
      new StatusError('ServiceUnavailable', `the session of node ${this.nodeName} has ended`),
    );
    const empty = { status: 0, contentType: '', body: Buffer.alloc(0), failure };
    for (const [id, answer] of [...this.http]) answer({ id, ...empty });
    this.streams.abort(`the session of node ${this.nodeName} has ended`);
    this.parts.connection.close(error);
  }

  private report(body: AgentMessage['body']): void {
    const { podWriter, events } = this.parts.services;
    if (body?.$case === 'podStatus') {
      const { sequence, namespace, name, uid } = body.value;
      const status = decodeJson<V1PodStatus>(body.value.status);
      podWriter.status({ at: { namespace, name }, uid, nodeName: this.nodeName, status }, this.done(sequence));
    } else if (body?.$case === 'podGone') {
      const { sequence, namespace, name, uid } = body.value;
      podWriter.gone({ at: { namespace, name }, uid, nodeName: this.nodeName }, this.done(sequence));
    } else if (body?.$case === 'nodeStatus') {
      this.nodeWriter.report(decodeJson<V1NodeStatus>(body.value.status), this.done(body.value.sequence));
    } else if (body?.$case === 'event') {
      events.write(decodeJson<CoreV1Event>(body.value.event), this.done(body.value.sequence));
    }
  }

  private done(sequence: number): () => void {
    return () => {
      this.acknowledged.push(sequence);
      this.outbox.wake();
    };
  }

  private pullAcknowledgement(): ServerMessage | undefined {
    if (this.acknowledged.length === 0) return undefined;
    const sequences = this.acknowledged;
    this.acknowledged = [];
    return { body: { $case: 'acknowledgement', value: { sequences } } };
  }

  private async answer(request: CallRequest): Promise<void> {
    const { id, call } = request;
    try {
      if (!call) throw new StatusError('BadRequest', 'a call of a kind that this server does not know');
      const value = encodeJson(await this.parts.services.calls.answer(this.nodeName, call));
      this.outbox.push({ body: { $case: 'call', value: { id, result: { $case: 'value', value } } } });
    } catch (error) {
      const value = encodeFailure(asStatusError(error));
      this.outbox.push({ body: { $case: 'call', value: { id, result: { $case: 'failure', value } } } });
    }
  }

  private watchSilence(): Timer {
    return this.parts.clock.setTimer(heartbeatIntervalMs, () => {
      if (this.silentMs >= nodeSilenceMsMax || this.outbox.waiting > urgentMax) {
        this.end(
          new StatusError('Timeout', `node ${this.nodeName} has been silent for ${Math.round(this.silentMs)} ms`),
        );
      } else {
        this.silenceTimer = this.watchSilence();
      }
    });
  }
}
