import { connect, type SecureContext, type TLSSocket } from 'node:tls';

/** Where the API is and who asks. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly context: SecureContext;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** Whether the answer may be compressed. */
  readonly gzip?: boolean;
}

export interface Answer {
  readonly code: number;
  /** The body's first bytes, enough to read a version or a reason; whole where it came in one piece. */
  readonly head: string;
  readonly bytes: number;
}

const headEnd = Buffer.from('\r\n\r\n');
/** What an answer in chunks ends with. JSON holds no such lines. */
const lastChunk = '0\r\n\r\n';
/** As long as an answer in chunks has not ended. */
const chunked = Number.POSITIVE_INFINITY;

/** Writes a request of HTTP/1.1 as text. */
function requestText({ method, path, body = '', contentType = 'application/json', accept, gzip }: Call): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: api', `accept: ${accept ?? 'application/json'}`];
  if (gzip) lines.push('accept-encoding: gzip');
  if (body !== '') lines.push(`content-type: ${contentType}`, `content-length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export function openSocket({ host, port, context }: Target): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      secureContext: context,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
    });
    socket.setNoDelay(true);
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/**
 * One connection that is kept, with one request in flight. It reads no more of HTTP than the API's answers need, so
 * that most of the machine is left to the server.
 */
export class Connection {
  private pending: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  private code = 0;
  private head = '';
  private wanted = -1;
  private got = 0;
  /** The last letters that came. */
  private tail = '';

  private constructor(private readonly socket: TLSSocket) {
    socket.on('data', (part: Buffer) => this.take(part));
    const fail = (error: Error) => this.pending?.reject(error);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
  }

  static async open(target: Target): Promise<Connection> {
    return new Connection(await openSocket(target));
  }

  send(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      this.socket.write(requestText(call));
    });
  }

  close(): void {
    this.pending = undefined;
    this.socket.destroy();
  }

  private take(part: Buffer): void {
    if (this.wanted < 0) this.begin(part);
    else this.got += part.length;
    if (this.wanted === chunked) this.follow(part);
    if (this.got < this.wanted) return;
    const { pending, code, head, wanted: bytes } = this;
    this.wanted = -1;
    this.pending = undefined;
    pending?.resolve({ code, head, bytes });
  }

  /** Heads are small and come first in a record: they are never cut in two by this server. */
  private begin(part: Buffer): void {
    const end = part.indexOf(headEnd) + headEnd.length;
    const text = part.toString('latin1', 0, end);
    this.code = Number(text.slice(9, 12));
    this.wanted = /transfer-encoding: chunked/i.test(text)
      ? chunked
      : Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    this.got = part.length - end;
    this.tail = '';
    this.head = part.toString('utf8', end);
  }

  private follow(part: Buffer): void {
    this.tail = (this.tail + part.toString('latin1', Math.max(0, part.length - lastChunk.length))).slice(
      -lastChunk.length,
    );
    if (this.tail === lastChunk) this.wanted = this.got;
  }
}

/** Asks for a watch and calls back with the text that comes. */
export async function openWatch(target: Target, path: string, onText: (text: string) => void): Promise<TLSSocket> {
  const socket = await openSocket(target);
  socket.setEncoding('latin1');
  socket.on('data', onText);
  socket.on('error', () => {});
  socket.write(requestText({ method: 'GET', path }));
  return socket;
}
