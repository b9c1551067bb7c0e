import type { Duplex } from 'node:stream';
import type { Etcd3, WatchClient } from 'etcd3';
import { readTransactionAnswer, readWatchAnswer, type TransactionAnswer } from './messages.ts';

/** How etcd3 describes a method of a service: its path, and its own way to write what is asked. */
interface Method {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
}

type Deserialize<Answer> = (message: Buffer) => Answer;

/** The part used here of what etcd3 has of grpc-js for each service. */
interface ServiceClient {
  readonly txn: Method;
  readonly watch: Method;
  makeUnaryRequest<Answer>(
    path: string,
    serialize: (message: Buffer) => Buffer,
    deserialize: Deserialize<Answer>,
    message: Buffer,
    metadata: object,
    options: { deadline: number },
    callback: (error: Error | null, answer?: Answer) => void,
  ): void;
  makeBidiStreamRequest<Answer>(
    path: string,
    serialize: (request: object) => Buffer,
    deserialize: Deserialize<Answer>,
    metadata: object,
  ): WatchStream;
}

interface Connected {
  readonly resource: object;
  readonly client: ServiceClient;
  readonly metadata: object;
}

/** etcd3's connections, which know the credentials of a call and are replaced when they fail. */
interface Pool {
  readonly authenticator: { invalidateMetadata(): void };
  withConnection<T>(service: 'KV' | 'Watch', call: (connected: Connected) => T | Promise<T>): Promise<T>;
  markFailed(resource: object, error: Error): void;
}

/** Requests of etcd's go in, what `readWatchAnswer` makes of its answers comes out. */
export type WatchStream = Duplex & { cancel(): void };

/**
 * The calls that every write goes through, on the client's connections but with messages of our own (messages.ts). The
 * client's own watcher, besides, hides compaction and the bounds of transactions.
 */
export class Calls {
  private readonly pool: Pool;

  constructor(client: Etcd3) {
    const { pool } = client as unknown as { pool: ConstructorParameters<typeof WatchClient>[0] };
    this.pool = pool as unknown as Pool;
  }

  /** @param deadlineMs in the clock's milliseconds since 1970 */
  async transaction(message: Buffer, deadlineMs: number): Promise<TransactionAnswer> {
    try {
      return await this.pool.withConnection('KV', (connected) => transaction(connected, message, deadlineMs));
    } catch (error) {
      // etcd has looked at nothing yet.
      if (!isOutdatedToken(error)) throw error;
      this.pool.authenticator.invalidateMetadata();
      return this.pool.withConnection('KV', (connected) => transaction(connected, message, deadlineMs));
    }
  }

  watch(): Promise<WatchStream> {
    return this.pool.withConnection('Watch', ({ resource, client, metadata }) => {
      const { path, requestSerialize } = client.watch;
      const stream = client.makeBidiStreamRequest(path, requestSerialize, readWatchAnswer, metadata);
      stream.on('error', (error) => stream.writable && this.pool.markFailed(resource, error));
      return stream;
    });
  }
}

function transaction({ client, metadata }: Connected, message: Buffer, deadline: number): Promise<TransactionAnswer> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, answer?: TransactionAnswer) => (error ? reject(error) : resolve(answer!));
    const asIs = (written: Buffer) => written;
    client.makeUnaryRequest(client.txn.path, asIs, readTransactionAnswer, message, metadata, { deadline }, answered);
  });
}

function isOutdatedToken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('invalid auth token');
}
