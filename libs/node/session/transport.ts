import type { AgentMessage, ServerMessage } from '../../wire/gen/berth/node/v1/session.ts';

export interface TransportEvents {
  message(message: ServerMessage): void;
  /** There is room again after `send` answered false. */
  drained(): void;
  /** The connection is over; called once, and nothing after it. */
  closed(error: Error): void;
}

export interface TransportConnection {
  /** Answers false when there is no room for more until `drained`. */
  send(message: AgentMessage): boolean;
  close(): void;
}

/** How a session reaches the control plane: gRPC in the agent, a pair of arrays in tests. */
export interface SessionTransport {
  /** Begins to connect; failures come through `closed`. */
  connect(events: TransportEvents): TransportConnection;
}
