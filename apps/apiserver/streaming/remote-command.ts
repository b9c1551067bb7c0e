import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, sleep } from '../../../libs/base/clock.ts';
import { asStatusError, type Status } from '../../../libs/base/status.ts';
import { type AttachRequest, type ByteStream, execChannels } from '../../../libs/node/link.ts';
import { acceptSpdy, asksForSpdy } from '../../../libs/streaming/spdy/accept.ts';
import type { SpdyStream } from '../../../libs/streaming/spdy/connection.ts';
import { ChannelSocket } from '../../../libs/streaming/websocket/channels.ts';
import { acceptWebSocket } from '../../../libs/streaming/websocket/upgrade.ts';
import { decodeJson } from '../../../libs/wire/json.ts';
import { chooseSpdyProtocol, chooseWebSocketProtocol } from './protocols.ts';

/** A client's connection that is to be upgraded. */
export interface UpgradeSocket {
  raw: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

export interface RemoteCommand {
  request: AttachRequest;
  /** Begins the command on the node; rejects with what the client shall see instead of an upgrade. */
  open: () => Promise<ByteStream>;
  clock: Clock;
}

/** What the client's end of a command looks like, whatever carries it. */
interface CommandClient {
  send(channel: number, data: Uint8Array): Promise<void>;
  /** Copies what the client sends to the node until the client ends it. */
  copyTo(node: ByteStream): Promise<void>;
  /** The protocols before v4 carry errors as plain text. */
  readonly statusAsJson: boolean;
  close(): Promise<void>;
}

/** SPDY clients open one stream for each channel, within this time. */
const streamsTimeoutMs = 30_000;

/** Runs exec or attach over the protocol that the client asks for, to its end. */
export async function serveRemoteCommand(upgrade: UpgradeSocket, command: RemoteCommand): Promise<void> {
  const spdy = asksForSpdy(upgrade.raw);
  const protocol = spdy ? chooseSpdyProtocol(upgrade.raw) : chooseWebSocketProtocol(upgrade.raw);
  const node = await command.open();
  try {
    const client = spdy
      ? await spdyClient(upgrade, protocol, command)
      : await webSocketClient(upgrade, protocol, command.request);
    await relay(client, node);
  } finally {
    node.close();
  }
}

async function relay(client: CommandClient, node: ByteStream): Promise<void> {
  // A client that has gone ends the command's stream; what it sent before still arrives.
  void client.copyTo(node).catch(() => {});
  try {
    for await (const item of node.incoming) {
      if (!('data' in item)) continue;
      if (item.channel === execChannels.error) await sendStatus(client, decodeJson<Partial<Status>>(item.data));
      else await client.send(item.channel, item.data);
    }
  } catch (error) {
    await sendStatus(client, asStatusError(error).toStatus());
  }
  await client.close();
}

/** Protocols before v4 tell failures as text, and success by saying nothing. */
async function sendStatus(client: CommandClient, status: Partial<Status>): Promise<void> {
  const text = client.statusAsJson
    ? JSON.stringify({ metadata: {}, ...status })
    : status.status === 'Success'
      ? ''
      : `error executing command in container: ${status.message}`;
  if (text !== '') await client.send(execChannels.error, Buffer.from(text));
}

async function webSocketClient(
  { raw, socket, head }: UpgradeSocket,
  protocol: string,
  request: AttachRequest,
): Promise<CommandClient> {
  const webSocket = await acceptWebSocket(raw, { socket, head }, protocol);
  const halfClose = protocol.startsWith('v5.');
  const channels = new ChannelSocket(webSocket, { base64: protocol.includes('base64'), halfClose });
  // An empty message tells the client that the command runs.
  const first = request.stdout ? execChannels.stdout : request.stderr ? execChannels.stderr : execChannels.error;
  await channels.send(first, new Uint8Array(0));
  return {
    statusAsJson: /^v[45]\./.test(protocol),
    send: (channel, data) => channels.send(channel, data),
    async copyTo(node) {
      for await (const message of channels.incoming) {
        if ('end' in message) node.endChannel(message.channel);
        else await node.write(message.channel, message.data);
      }
      node.close();
    },
    async close() {
      channels.close();
    },
  };
}

/** The channel of each `streamType`. */
const streamTypes: Record<string, number> = execChannels;

async function spdyClient(
  upgrade: UpgradeSocket,
  protocol: string,
  { request, clock }: RemoteCommand,
): Promise<CommandClient> {
  const wanted = wantedStreams(request, protocol);
  const streams = new Map<string, SpdyStream>();
  let complete: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const connection = acceptSpdy(upgrade, {
    protocol,
    onStream(stream) {
      const type = (stream.headers.streamtype ?? '').toLowerCase();
      if (!wanted.has(type) || streams.has(type)) return stream.reset();
      streams.set(type, stream);
      if (streams.size === wanted.size) complete();
    },
  });
  const timeout = new AbortController();
  await Promise.race([all, connection.closed, sleep(clock, streamsTimeoutMs, timeout.signal).catch(() => {})]);
  timeout.abort();
  if (streams.size < wanted.size) connection.close();
  const byChannel = new Map([...streams].map(([type, stream]) => [streamTypes[type]!, stream]));
  return {
    statusAsJson: protocol === 'v4.channel.k8s.io',
    send: async (channel, data) => await byChannel.get(channel)?.write(data),
    async copyTo(node) {
      void connection.closed.then(() => node.close());
      const copied = (['stdin', 'resize'] as const).map((type) => copyStream(streams.get(type), node, type));
      await Promise.all(copied);
    },
    async close() {
      for (const stream of streams.values()) stream.end();
      connection.close();
    },
  };
}

async function copyStream(stream: SpdyStream | undefined, node: ByteStream, type: 'stdin' | 'resize'): Promise<void> {
  if (!stream) return;
  for await (const data of stream.incoming) await node.write(execChannels[type], data);
  node.endChannel(execChannels[type]);
}

function wantedStreams(request: AttachRequest, protocol: string): Set<string> {
  const wanted = new Set(['error']);
  if (request.stdin) wanted.add('stdin');
  if (request.stdout) wanted.add('stdout');
  if (request.stderr) wanted.add('stderr');
  if (request.tty && (protocol === 'v3.channel.k8s.io' || protocol === 'v4.channel.k8s.io')) wanted.add('resize');
  return wanted;
}
