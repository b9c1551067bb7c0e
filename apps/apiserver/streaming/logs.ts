import type { ServerResponse } from 'node:http';
import type { ByteStream } from '../../../libs/node/link.ts';
import { acceptWebSocket } from '../../../libs/streaming/websocket/upgrade.ts';
import { drained } from '../drained.ts';
import { chooseWebSocketLogs } from './protocols.ts';
import type { UpgradeSocket } from './remote-command.ts';

const normalClosure = 1000;

/** Sends what a stream brings in the messages of a WebSocket. */
export async function sendWebSocket(upgrade: UpgradeSocket, open: () => Promise<ByteStream>): Promise<void> {
  const protocol = chooseWebSocketLogs(upgrade.raw);
  const stream = await open();
  try {
    const socket = await acceptWebSocket(upgrade.raw, upgrade, protocol);
    socket.on('close', () => stream.close());
    socket.on('error', () => socket.terminate());
    for await (const item of stream.incoming) {
      if (!('data' in item)) continue;
      const message = protocol.startsWith('base64') ? Buffer.from(item.data).toString('base64') : item.data;
      await new Promise<void>((resolve) => socket.send(message, () => resolve()));
    }
    socket.close(normalClosure);
  } finally {
    stream.close();
  }
}

/** Sends what a stream brings as it comes; a client that is slow or gone slows or ends the stream. */
export async function sendStream(response: ServerResponse, stream: ByteStream, contentType: string): Promise<void> {
  const onClose = () => stream.close();
  response.once('close', onClose);
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  try {
    for await (const item of stream.incoming) {
      if ('data' in item && !response.write(item.data)) await drained(response);
    }
    response.end();
  } finally {
    response.off('close', onClose);
    stream.close();
  }
}
