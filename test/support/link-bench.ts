import type { V1Pod } from '../../libs/api/gen/types.ts';
import { seededRandom } from '../../libs/base/random.ts';
import type { NodeLink } from '../../libs/node/link.ts';
import { createNodeLink } from '../../libs/node/session/node-link.ts';
import type { TransportEvents } from '../../libs/node/session/transport.ts';
import type { AgentMessage, ServerMessage } from '../../libs/wire/gen/berth/node/v1/session.ts';
import { FakeClock } from './fake-clock.ts';

export type ServerBody = NonNullable<ServerMessage['body']>;

/** The server's end of one connection: notes what comes and says what the test tells it to. */
export class FakeConnection {
  readonly received: AgentMessage[] = [];
  room = true;
  open = true;

  constructor(private readonly events: TransportEvents) {}

  say(body: ServerBody): void {
    this.events.message({ body });
  }

  welcome(): void {
    this.say({ $case: 'welcome', value: { serverId: 's1', heartbeatIntervalMs: 2_000, silenceMaxMs: 8_000 } });
  }

  makeRoom(): void {
    this.room = true;
    this.events.drained();
  }

  break(): void {
    this.open = false;
    this.events.closed(new Error('cut'));
  }

  /** The bodies of one kind, in order. */
  of<K extends NonNullable<AgentMessage['body']>['$case']>(kind: K) {
    return this.received.flatMap(({ body }) =>
      body?.$case === kind ? [body.value as Extract<NonNullable<AgentMessage['body']>, { $case: K }>['value']] : [],
    );
  }
}

/** An agent's link whose connections the test plays the server's end of. */
export class LinkBench {
  readonly clock = new FakeClock();
  readonly connections: FakeConnection[] = [];
  readonly link: NodeLink;

  constructor() {
    this.link = createNodeLink({
      transport: { connect: (events) => this.connect(events) },
      node: { metadata: { name: 'n1' } },
      agentVersion: 'test',
      clock: this.clock,
      random: seededRandom(1),
    });
  }

  /** The newest connection. */
  get last(): FakeConnection {
    const last = this.connections[this.connections.length - 1];
    if (!last) throw new Error('the link has not dialled');
    return last;
  }

  /** Has the link dial and be welcomed. */
  begin(): void {
    this.link.reportNodeStatus({ capacity: { cpu: '1' } });
    this.last.welcome();
  }

  private connect(events: TransportEvents) {
    const connection = new FakeConnection(events);
    this.connections.push(connection);
    return {
      send(message: AgentMessage) {
        connection.received.push(message);
        return connection.room;
      },
      close() {
        connection.open = false;
      },
    };
  }
}

export const at = (name: string) => ({ namespace: 'default', name });

export const podAt = (name: string, version: string, uid = name): V1Pod => ({
  metadata: { ...at(name), uid, resourceVersion: version },
});
