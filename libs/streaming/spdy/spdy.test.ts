import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, createDeflate } from 'node:zlib';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { dialSpdy } from './dial.ts';
import { headerDictionary } from './dictionary.ts';
import { FrameParser, synStreamFrame } from './frames.ts';
import { HeaderDecoder, HeaderEncoder, type Headers } from './headers.ts';

describe('header blocks', () => {
  it('primes with the text of the draft', () => {
    expect(headerDictionary.length).toBe(1423);
    expect(adler32(headerDictionary)).toBe(0xe3c6a7c2);
  });

  it('reads what it writes, block after block', async () => {
    const encoder = new HeaderEncoder();
    const decoder = new HeaderDecoder();
    const blocks: Headers[] = [{ streamtype: 'error' }, {}, { streamtype: 'stdin', port: '80', text: 'ü' }];
    for (const block of blocks) expect(await decoder.decode(encoder.encode(block))).toEqual(block);
    decoder.close();
  });

  it('reads blocks compressed with the dictionary', async () => {
    const decoder = new HeaderDecoder();
    const plain = Buffer.from('\0\0\0\x01\0\0\0\x06method\0\0\0\x03get', 'latin1');
    expect(await decoder.decode(await deflated(plain))).toEqual({ method: 'get' });
    decoder.close();
  });

  it.each([
    ['damaged bytes', Buffer.from('nonsense')],
    ['a block that ends early', new HeaderEncoder().encode({ a: 'b' }).subarray(0, 3)],
  ])('refuses %s', async (_, block) => {
    const decoder = new HeaderDecoder();
    await expect(decoder.decode(block)).rejects.toThrow(/damaged SPDY header block/);
    decoder.close();
  });
});

describe('FrameParser', () => {
  it('finds frames however the bytes are cut', () => {
    const bytes = Buffer.concat([synStreamFrame(1, Buffer.from('abc')), synStreamFrame(3, Buffer.alloc(0))]);
    const parser = new FrameParser();
    const frames = [...bytes].flatMap((byte) => parser.push(Buffer.from([byte])));
    expect(frames.map((frame) => frame.kind === 'control' && frame.payload.length)).toEqual([13, 10]);
  });

  it('refuses another version', () => {
    expect(() => new FrameParser().push(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]))).toThrow(/version 2/);
  });
});

describe('SpdyConnection over an upgraded request', () => {
  let server: Server;
  let onStream: (stream: SpdyStream, connection: SpdyConnection) => void;
  let url: string;

  beforeEach(async () => {
    server = createServer((_, response) => {
      response.statusCode = 403;
      response.end('not you');
    });
    server.on('upgrade', (request, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n');
      socket.write(`X-Stream-Protocol-Version: ${request.headers['x-stream-protocol-version']}\r\n\r\n`);
      const connection: SpdyConnection = new SpdyConnection(socket, {
        role: 'server',
        head,
        onStream: (stream) => onStream(stream, connection),
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

  it('carries streams both ways with half-close', async () => {
    onStream = async (stream) => {
      await stream.write(Buffer.from(`${stream.headers.streamtype}:`));
      for await (const data of stream.incoming) await stream.write(data);
      stream.end();
    };
    const { connection, protocol } = await dialSpdy(url, { protocols: ['v4.channel.k8s.io'] });
    expect(protocol).toBe('v4.channel.k8s.io');
    const streams = ['a', 'b', 'c'].map((streamType) => connection.openStream({ streamType }));
    const big = Buffer.alloc(1_000_000, 'x');
    await Promise.all(streams.map((stream) => stream.write(big).then(() => stream.end())));
    const texts = await Promise.all(streams.map((stream) => textOf(stream)));
    expect(texts.map((text) => [text.slice(0, 2), text.length])).toEqual(['a:', 'b:', 'c:'].map((t) => [t, 1_000_002]));
    connection.close();
    await connection.closed;
  });

  it('pauses a writer whose reader is slow', async () => {
    let received = 0;
    let read: () => void = () => {};
    const mayRead = new Promise<void>((resolve) => {
      read = resolve;
    });
    onStream = async (stream, connection) => {
      await mayRead;
      for await (const data of stream.incoming) received += data.length;
      connection.close();
    };
    const { connection } = await dialSpdy(url);
    const stream = connection.openStream({});
    let written = 0;
    const writing = (async () => {
      for (; written < 64 << 20; written += 1 << 20) await stream.write(Buffer.alloc(1 << 20));
      stream.end();
    })();
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 100)));
    expect(written).toBeLessThan(32 << 20);
    read();
    await writing;
    await connection.closed;
    expect(received).toBe(64 << 20);
  });

  it.each<[string, (stream: SpdyStream, connection: SpdyConnection) => void, RegExp]>([
    ['reset', (stream) => stream.reset(), /reset the stream/],
    ['cut off', (_, connection) => connection.destroy(), /ended|aborted|reset|hang up|closed/i],
  ])('tells a reader that its stream was %s', async (_, act, message) => {
    onStream = act;
    const { connection } = await dialSpdy(url);
    await expect(textOf(connection.openStream({}))).rejects.toThrow(message);
    connection.destroy();
  });

  it('says why an upgrade was refused', async () => {
    server.removeAllListeners('upgrade');
    await expect(dialSpdy(url)).rejects.toMatchObject({ code: 403, body: 'not you' });
  });
});

async function textOf(stream: SpdyStream): Promise<string> {
  let text = '';
  for await (const data of stream.incoming) text += Buffer.from(data).toString('latin1');
  return text;
}

function deflated(plain: Buffer): Promise<Buffer> {
  const deflate = createDeflate({ dictionary: headerDictionary });
  return new Promise((resolve) => {
    deflate.write(plain);
    deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(deflate.read() as Buffer));
  });
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return ((high << 16) | low) >>> 0;
}
