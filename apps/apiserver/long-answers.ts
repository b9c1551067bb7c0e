import { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import {
  acceptsGzip,
  contentTypes,
  gzipLevel,
  headersOf,
  plainBytesMax,
  type SendOptions,
  sendBytes,
} from './answers.ts';
import { Part, Texts } from './part-buffers.ts';

/** While one part is on its way the next one is made. */
const partsOnTheWayMax = 2;
/** A client that takes nothing of its answer for this long is cut off. */
const answerStallMsMax = 60_000;

/**
 * Sends what consists of many texts with one letter for each byte, without ever joining them as a whole: they are asked
 * for as parts of the answer go out, so others get their turn in between, and a client that reads slowly holds no more
 * than what it has not been sent yet.
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<string>,
  options: SendOptions = {},
): Promise<void> {
  if (options.encoding === 'yaml') {
    sendBytes(response, Buffer.from(Array.from(pieces).join(''), 'latin1'), options);
    return;
  }
  const texts = new Texts(pieces);
  const { part: first, full: more } = Part.filled(texts);
  const contentType = contentTypes[options.encoding ?? 'json'];
  const { length } = first.bytes;
  const compressed = length > plainBytesMax && acceptsGzip(response);
  if (!more && !compressed) {
    response.writeHead(options.code ?? 200, headersOf(contentType, length, options));
    // A text leaves in one write with the head before it.
    response.end(first.bytes.toString('latin1'), 'latin1');
    first.release();
    return;
  }
  const headers = headersOf(contentType, undefined, options);
  if (compressed) Object.assign(headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
  response.writeHead(options.code ?? 200, headers);
  response.setTimeout(answerStallMsMax, () => response.destroy());
  const way = compressed ? compressing(response) : plainWay(response);
  await sendParts(response, { first, texts, way, more });
  if (!response.destroyed) way.end();
}

/** How parts travel. */
interface Way {
  write(part: Part, done: () => void): void;
  end(): void;
}

async function sendParts(
  response: ServerResponse,
  { first, texts, way, more }: { first: Part; texts: Texts; way: Way; more: boolean },
): Promise<void> {
  const onTheWay = new Set<Part>();
  let wake: (() => void) | undefined;
  const closed = () => wake?.();
  response.on('close', closed);
  const send = (part: Part) => {
    onTheWay.add(part);
    way.write(part, () => {
      onTheWay.delete(part);
      // Of a connection that was cut nobody knows who still reads.
      if (!response.destroyed) part.release();
      wake?.();
    });
  };
  try {
    send(first);
    for (let again = more; again && !response.destroyed; ) {
      const { part, full } = Part.filled(texts);
      again = full;
      // A chunk of no length would end the answer.
      if (part.bytes.length === 0) part.release();
      else send(part);
      while (onTheWay.size >= partsOnTheWayMax && !response.destroyed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    response.off('close', closed);
  }
}

function plainWay(response: ServerResponse): Way {
  response.flushHeaders();
  // Whoever notes what is written has put itself in the place of `write`, and gets to see it.
  const direct = response.chunkedEncoding && response.write === ServerResponse.prototype.write;
  const socket = direct ? response.socket : null;
  return {
    // One buffer with its framing goes into the socket without another copy of it.
    write: (part, done) => void (socket ? socket.write(part.chunk, done) : response.write(part.bytes, done)),
    end: () => void response.end(),
  };
}

/** Compression runs in threads of its own, part by part. */
function compressing(response: ServerResponse): Way {
  const gzip = createGzip({ level: gzipLevel });
  gzip.pipe(response as Writable);
  response.once('close', () => gzip.destroy());
  return {
    write: (part, done) => void gzip.write(part.bytes, done),
    end: () => void gzip.end(),
  };
}
