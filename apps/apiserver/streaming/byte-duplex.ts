import { Duplex } from 'node:stream';
import type { ByteStream } from '../../../libs/node/link.ts';

const dataChannel = 0;

/** A forwarded connection as the kind of stream that Node's HTTP client speaks over. */
export class ByteDuplex extends Duplex {
  private readonly incoming: AsyncIterator<{ channel: number; data: Uint8Array } | { channel: number; end: true }>;
  private reading = false;

  constructor(private readonly stream: ByteStream) {
    super({ allowHalfOpen: true });
    this.incoming = stream.incoming[Symbol.asyncIterator]();
  }

  /** Part of what the HTTP client asks of a socket; there is nothing to set here. */
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.stream.write(dataChannel, chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.stream.endChannel(dataChannel);
    done();
  }

  override _read(): void {
    if (this.reading) return;
    this.reading = true;
    this.pump().catch((error: unknown) => this.destroy(error as Error));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.stream.close();
    done(error);
  }

  private async pump(): Promise<void> {
    for (let more = true; more; ) {
      const { value, done } = await this.incoming.next();
      if (done || 'end' in value) {
        this.push(null);
        return;
      }
      more = this.push(value.data);
    }
    this.reading = false;
  }
}
