import type { AgentMessage, ServerMessage } from '../../../libs/wire/gen/berth/node/v1/session.ts';

/** One agent's connection as the session uses it: gRPC in the server, a pair of arrays in tests. */
export interface AgentConnection {
  /** Answers false when there is no room for more until `drained`. */
  send(message: ServerMessage): boolean;
  /** Ends the connection; the agent sees the message when it is an error. */
  close(error?: Error): void;
}

export interface AgentConnectionEvents {
  message(message: AgentMessage): void;
  drained(): void;
  /** Called once, and nothing after it. */
  closed(error?: Error): void;
}
