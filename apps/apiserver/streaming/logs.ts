import type { ServerResponse } from 'node:http';
import type { ByteStream } from '../../../libs/node/link.ts';

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

function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
