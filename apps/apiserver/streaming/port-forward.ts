import { createWebSocketStream } from 'ws';
import type { Clock, Timer } from '../../../libs/base/clock.ts';
import type { Logger } from '../../../libs/base/log.ts';
import { StatusError } from '../../../libs/base/status.ts';
import type { ByteStream } from '../../../libs/node/link.ts';
import { acceptSpdy, asksForSpdy } from '../../../libs/streaming/spdy/accept.ts';
import { SpdyConnection, type SpdyStream } from '../../../libs/streaming/spdy/connection.ts';
import { ChannelSocket } from '../../../libs/streaming/websocket/channels.ts';
import { acceptWebSocket } from '../../../libs/streaming/websocket/upgrade.ts';
import { chooseSpdyForward, chooseWebSocketForward, tunnelProtocol } from './protocols.ts';
import type { UpgradeSocket } from './remote-command.ts';

export interface PortForward {
  /** Ports that the request names; only the channel protocols use them. */
  ports: readonly number[];
  /** Opens a connection to the port in the pod. */
  open: (port: number) => Promise<ByteStream>;
  clock: Clock;
  logger: Logger;
}

/** A port-forward stream whose other half has not come within this time is given up. */
const pairTimeoutMs = 30_000;
const portsMax = 65_535;
/** Connections that one client may forward at once. */
const pairsMax = 1_000;

/** Forwards connections to ports of a pod until the client goes. */
export async function servePortForward(upgrade: UpgradeSocket, forward: PortForward): Promise<void> {
  if (asksForSpdy(upgrade.raw)) {
    const protocol = chooseSpdyForward(upgrade.raw);
    const pairs = new StreamPairs(forward);
    const connection = acceptSpdy(upgrade, { protocol, onStream: (stream) => pairs.take(stream) });
    await connection.closed;
    pairs.close();
    return;
  }
  const protocol = chooseWebSocketForward(upgrade.raw);
  if (protocol === tunnelProtocol) return await serveTunnel(upgrade, forward);
  if (forward.ports.length === 0) throw new StatusError('BadRequest', 'query parameter "ports" is required');
  const webSocket = await acceptWebSocket(upgrade.raw, upgrade, protocol);
  const channels = new ChannelSocket(webSocket, { base64: protocol.includes('base64'), halfClose: false });
  await serveChannels(channels, forward);
}

/** The bytes of SPDY in the binary messages of a WebSocket, as kubectl forwards ports since 1.31. */
async function serveTunnel(upgrade: UpgradeSocket, forward: PortForward): Promise<void> {
  const webSocket = await acceptWebSocket(upgrade.raw, upgrade, tunnelProtocol);
  const pairs = new StreamPairs(forward);
  const connection = new SpdyConnection(createWebSocketStream(webSocket), {
    role: 'server',
    onStream: (stream) => pairs.take(stream),
  });
  await connection.closed;
  pairs.close();
  webSocket.terminate();
}

/** SPDY clients open two streams for each connection, data and error, with one request id. */
class StreamPairs {
  private readonly waiting = new Map<string, { stream: SpdyStream; type: string; timer: Timer }>();
  private active = 0;

  constructor(private readonly forward: PortForward) {}

  take(stream: SpdyStream): void {
    const { streamtype: type = '', port = '', requestid } = stream.headers;
    // Clients of old send none and open the pair back to back.
    const id = requestid ?? String(Math.floor((stream.id - 1) / 4));
    const other = this.waiting.get(id);
    if (!(type === 'data' || type === 'error') || other?.type === type || this.active >= pairsMax) {
      stream.reset();
      return;
    }
    if (!other) {
      const timer = this.forward.clock.setTimer(pairTimeoutMs, () => {
        this.waiting.delete(id);
        stream.reset();
      });
      this.waiting.set(id, { stream, type, timer });
      return;
    }
    other.timer.cancel();
    this.waiting.delete(id);
    const [data, error] = type === 'data' ? [stream, other.stream] : [other.stream, stream];
    this.active++;
    void this.run(Number(data.headers.port ?? port), data, error).finally(() => {
      this.active--;
    });
  }

  /** Nobody comes any more. */
  close(): void {
    for (const { timer } of this.waiting.values()) timer.cancel();
    this.waiting.clear();
  }

  private async run(port: number, data: SpdyStream, error: SpdyStream): Promise<void> {
    try {
      await forwardStream(await this.open(port), data);
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      this.forward.logger.debug('a forwarded connection has failed', { port, error: failure });
      // Who has gone meanwhile need not be told.
      await error.write(Buffer.from(`error forwarding port ${port} to pod: ${reason}`)).catch(() => {});
    }
    data.end();
    error.end();
  }

  private async open(port: number): Promise<ByteStream> {
    if (!Number.isInteger(port) || port < 1 || port > portsMax) throw new Error(`${port} is not a port`);
    return await this.forward.open(port);
  }
}

async function forwardStream(node: ByteStream, client: SpdyStream): Promise<void> {
  const upwards = (async () => {
    for await (const part of client.incoming) await node.write(0, part);
    node.endChannel(0);
  })();
  // A client that resets its stream ends the connection in the pod.
  upwards.catch(() => node.close());
  try {
    for await (const item of node.incoming) if ('data' in item) await client.write(item.data);
  } finally {
    node.close();
  }
}

/** The channel protocols: data on channel 2i and errors on 2i+1 of the i-th port; each begins with its port. */
async function serveChannels(channels: ChannelSocket, forward: PortForward): Promise<void> {
  // Clients send at once: what they say waits for the connection in the pod.
  const nodes = forward.ports.map((port) => forward.open(port));
  for (const node of nodes) node.catch(() => {});
  const copies = forward.ports.map((port, index) => serveChannel(channels, { port, index, node: nodes[index]! }));
  void Promise.all(copies).then(() => channels.close());
  for await (const message of channels.incoming) {
    const node = await nodes[message.channel / 2]?.catch(() => undefined);
    if ('data' in message) await node?.write(0, message.data);
  }
  for (const node of nodes) void node.then((stream) => stream.close()).catch(() => {});
}

async function serveChannel(
  channels: ChannelSocket,
  { port, index, node }: { port: number; index: number; node: Promise<ByteStream> },
): Promise<void> {
  const announcement = Buffer.alloc(2);
  announcement.writeUInt16LE(port);
  await channels.send(2 * index, announcement);
  await channels.send(2 * index + 1, announcement);
  try {
    const stream = await node;
    for await (const item of stream.incoming) if ('data' in item) await channels.send(2 * index, item.data);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await channels.send(2 * index + 1, Buffer.from(`error forwarding port ${port} to pod: ${why}`));
  }
}
