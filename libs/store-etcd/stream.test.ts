import { Duplex } from 'node:stream';
import type { Member } from './connection.ts';
import { openStream } from './stream.ts';

/** As grpc-js does it: a cancelled stream tells of its end as an error, which ends the process if nobody listens. */
class FakeStream extends Duplex {
  cancelled = false;
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
  cancel(): void {
    this.cancelled = true;
    this.emit('error', new Error('1 CANCELLED: Cancelled on client'));
  }
}

it('a watch that nobody wants any more by the time it is open is cancelled in silence', async () => {
  const stream = new FakeStream({ objectMode: true });
  const stopper = new AbortController();
  const watch = async () => {
    stopper.abort();
    return stream;
  };
  const range = { key: Buffer.from('a'), range_end: Buffer.from('b') };
  const member = { watch } as unknown as Member;
  const told = openStream(member, { ...range, startRevision: 1, signal: stopper.signal });
  expect(await told.next()).toEqual({ done: true, value: undefined });
  expect(stream.cancelled).toBe(true);
});
