import type { Logger } from '../../../libs/base/log.ts';
import type { Client } from '../../../libs/client/client.ts';
import type { UsageBoard } from '../../../libs/registry/usage.ts';
import type { Board } from './board.ts';
import type { EventWriter } from './event-writer.ts';
import type { NodeCalls } from './node-calls.ts';
import type { PodWriter } from './pod-writer.ts';

/** What all sessions of a server share. */
export interface SessionServices {
  serverId: string;
  client: Client;
  board: Board;
  podWriter: PodWriter;
  events: EventWriter;
  calls: NodeCalls;
  usage: UsageBoard;
  logger: Logger;
}
