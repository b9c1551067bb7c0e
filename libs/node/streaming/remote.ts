import { StatusError } from '../../base/status.ts';
import type { SpdyConnection, SpdyStream } from '../../streaming/spdy/connection.ts';
import { dialSpdy } from '../../streaming/spdy/dial.ts';
import { type ByteStream, execChannels } from '../link.ts';

/** The newest of the SPDY remote command protocols: stdin can be half-closed and the error stream carries a Status. */
const remoteCommandProtocols = ['v4.channel.k8s.io'];
const portForwardProtocols = ['portforward.k8s.io'];

export interface RemoteWishes {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

async function dial(url: string, protocols: string[]): Promise<SpdyConnection> {
  try {
    return (await dialSpdy(url, { protocols })).connection;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StatusError('InternalError', `error dialing the runtime: ${text}`, { cause: error });
  }
}

/** What a stream says until it ends. Runtimes end the connection without ending each stream; that is an end as well. */
async function* untilOver(stream: SpdyStream): AsyncGenerator<Uint8Array> {
  try {
    yield* stream.incoming;
  } catch {
    // The error stream, not the connection, tells whether the command went well.
  }
}

/** Sends what the container says to the client until it has said all; keeps the client's pace. Answers how much. */
async function pumpOut(from: SpdyStream | undefined, to: ByteStream, channel: number): Promise<number> {
  let bytes = 0;
  if (!from) return bytes;
  for await (const data of untilOver(from)) {
    bytes += data.length;
    await to.write(channel, data);
  }
  to.endChannel(channel);
  return bytes;
}

async function pumpIn(from: ByteStream, streams: ReadonlyMap<number, SpdyStream>): Promise<void> {
  for await (const message of from.incoming) {
    const stream = streams.get(message.channel);
    if ('end' in message) stream?.end();
    else await stream?.write(message.data);
  }
}

/** Joins a client's channels to a command or container at the runtime's streaming server, until either side is done. */
export async function runRemoteCommand(url: string, wishes: RemoteWishes, client: ByteStream): Promise<void> {
  const connection = await dial(url, remoteCommandProtocols);
  client.accept();
  const open = (streamType: string) => connection.openStream({ streamtype: streamType });
  const error = open('error');
  const stdin = wishes.stdin ? open('stdin') : undefined;
  const stdout = wishes.stdout ? open('stdout') : undefined;
  const stderr = wishes.stderr && !wishes.tty ? open('stderr') : undefined;
  const resize = wishes.tty ? open('resize') : undefined;
  const inward = new Map<number, SpdyStream>();
  if (stdin) inward.set(execChannels.stdin, stdin);
  if (resize) inward.set(execChannels.resize, resize);
  const onClosed = () => connection.destroy();
  client.closed.addEventListener('abort', onClosed, { once: true });
  // The client's side may end long before the command, or never; what is written to a command that is over is lost.
  pumpIn(client, inward).catch(() => {});
  try {
    const [, , verdict] = await Promise.all([
      pumpOut(stdout, client, execChannels.stdout),
      pumpOut(stderr, client, execChannels.stderr),
      pumpOut(error, client, execChannels.error),
    ]);
    if (verdict === 0) throw new StatusError('InternalError', 'the container runtime ended the stream early');
  } catch (failure) {
    if (!client.closed.aborted) throw failure;
  } finally {
    client.closed.removeEventListener('abort', onClosed);
    connection.close();
  }
}

async function readError(stream: SpdyStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const data of untilOver(stream)) chunks.push(data);
  return Buffer.concat(chunks).toString('utf8');
}

/** Joins channel 0 to a port inside a pod. @throws StatusError with what the runtime says, such as a refused connection. */
export async function runPortForward(url: string, port: number, client: ByteStream): Promise<void> {
  const connection = await dial(url, portForwardProtocols);
  client.accept();
  const headers = { port: String(port), requestid: '0' };
  const error = connection.openStream({ streamtype: 'error', ...headers });
  error.end();
  const data = connection.openStream({ streamtype: 'data', ...headers });
  const onClosed = () => connection.destroy();
  client.closed.addEventListener('abort', onClosed, { once: true });
  pumpIn(client, new Map([[0, data]])).catch(() => {});
  try {
    const [text] = await Promise.all([readError(error), pumpOut(data, client, 0)]);
    if (text !== '') throw new StatusError('InternalError', text);
  } catch (failure) {
    if (!client.closed.aborted) throw failure;
  } finally {
    client.closed.removeEventListener('abort', onClosed);
    connection.close();
  }
}
