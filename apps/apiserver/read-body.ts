import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../libs/base/status.ts';

/** The largest body of a request. */
export const bodyBytesMax = 3 * 1024 * 1024;
/** How much of a body that is too large is read and thrown away, so that its sender gets to read the answer. */
const discardedBytesMax = 64 * 1024 * 1024;

/** The whole body. @throws StatusError RequestEntityTooLarge, once the sender has finished. */
export function readBody(stream: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= bodyBytesMax) parts.push(part);
      else parts = [];
      if (bytes > discardedBytesMax) stream.destroy();
    });
    // None of these comes twice, and `once` would make two objects more of each.
    stream.on('error', reject);
    stream.on('close', () => {
      if (!stream.complete) reject(new StatusError('BadRequest', 'the request ended before its body did'));
    });
    stream.on('end', () => {
      if (bytes <= bodyBytesMax) return resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
      const message = `Request entity too large: limit is ${bodyBytesMax}`;
      reject(new StatusError('RequestEntityTooLarge', message));
    });
  });
}
