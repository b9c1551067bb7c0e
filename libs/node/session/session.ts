import type { Clock, Timer } from '../../base/clock.ts';
import type {
  AgentMessage,
  Hello,
  HttpRequest,
  ServerMessage,
  StreamOpen,
} from '../../wire/gen/berth/node/v1/session.ts';
import { ByteStreams } from './byte-streams.ts';
import { Outbox } from './outbox.ts';
import type { SessionStream } from './session-stream.ts';
import type { SessionTransport, TransportConnection } from './transport.ts';

/** What a session hands over to the link that it serves. */
export interface SessionOwner {
  hello(): Hello;
  /** The control plane has welcomed us; reports and calls may be sent. */
  welcomed(serverId: string): void;
  /** The next report or call to send. */
  pull(): AgentMessage | undefined;
  received(message: ServerMessage): void;
  opened(open: StreamOpen, stream: SessionStream): void;
  asked(request: HttpRequest, answer: (message: AgentMessage) => void): void;
  /** The session is over; called once. */
  ended(error: Error): void;
}

/** Until the server's Welcome names others. */
const heartbeatIntervalMs = 2_000;
const silenceMaxMs = 8_000;
/** Before the Welcome: a server to which all its nodes come back at once takes longer, and dialling anew makes it worse. */
const welcomeMaxMs = 30_000;
/** Urgent messages that a connection may owe before it counts as dead. */
const urgentMax = 10_000;

/** One connection of the agent to the control plane, from dialling to its end. */
export class Session {
  private readonly connection: TransportConnection;
  private readonly outbox: Outbox<AgentMessage>;
  private readonly streams: ByteStreams;
  private heartbeatTimer: Timer;
  private intervalMs = heartbeatIntervalMs;
  private silenceMs = silenceMaxMs;
  private heardAtMs: number;
  private beats = 0;
  private welcome = false;
  private over = false;

  constructor(
    transport: SessionTransport,
    private readonly owner: SessionOwner,
    private readonly clock: Clock,
  ) {
    this.heardAtMs = clock.monotonic();
    this.outbox = new Outbox((message) => this.connection.send(message));
    this.streams = new ByteStreams({
      urgent: (frame) => this.outbox.push({ body: { $case: 'stream', value: frame } }),
      wake: () => this.outbox.wake(),
    });
    this.outbox.addSource(() => (this.welcome ? this.owner.pull() : undefined));
    this.outbox.addSource(() => {
      const frame = this.streams.pull();
      return frame && { body: { $case: 'stream', value: frame } };
    });
    this.connection = transport.connect({
      message: (message) => this.receive(message),
      drained: () => this.outbox.drained(),
      closed: (error) => this.end(error),
    });
    this.outbox.push({ body: { $case: 'hello', value: owner.hello() } });
    this.heartbeatTimer = this.setHeartbeat();
  }

  get established(): boolean {
    return this.welcome && !this.over;
  }

  /** The owner has something to send. */
  wake(): void {
    this.outbox.wake();
  }

  end(error: Error): void {
    if (this.over) return;
    this.over = true;
    this.heartbeatTimer.cancel();
    this.outbox.close();
    this.connection?.close();
    this.streams.abort(`the connection to the control plane was lost: ${error.message}`);
    this.owner.ended(error);
  }

  private receive(message: ServerMessage): void {
    if (this.over) return;
    this.heardAtMs = this.clock.monotonic();
    const body = message.body;
    switch (body?.$case) {
      case 'welcome':
        this.intervalMs = body.value.heartbeatIntervalMs || heartbeatIntervalMs;
        this.silenceMs = body.value.silenceMaxMs || silenceMaxMs;
        this.welcome = true;
        this.owner.welcomed(body.value.serverId);
        this.outbox.wake();
        break;
      case 'open':
        this.owner.opened(body.value, this.streams.add(body.value.id));
        break;
      case 'stream':
        this.streams.receive(body.value);
        break;
      case 'http':
        this.owner.asked(body.value, (answer) => this.outbox.push(answer));
        break;
      default:
        this.owner.received(message);
        break;
    }
  }

  private setHeartbeat(): Timer {
    return this.clock.setTimer(this.intervalMs, () => {
      const silentMs = this.clock.monotonic() - this.heardAtMs;
      const silenceMs = this.welcome ? this.silenceMs : welcomeMaxMs;
      if (silentMs >= silenceMs || this.outbox.waiting > urgentMax) {
        this.end(new Error(`nothing heard for ${Math.round(silentMs)} ms, ${this.outbox.waiting} messages waiting`));
        return;
      }
      // A connection without room has a heartbeat waiting already.
      if (this.outbox.waiting === 0) {
        this.outbox.push({ body: { $case: 'heartbeat', value: { sequence: ++this.beats } } });
      }
      this.heartbeatTimer = this.setHeartbeat();
    });
  }
}
