import type { Duplex } from 'node:stream';
import { castGrpcError, type Etcd3, type WatchClient } from 'etcd3';
import {
  type RangeAnswer,
  readRangeAnswer,
  readTransactionAnswer,
  readWatchAnswer,
  type TransactionAnswer,
} from './answers.ts';

/** How etcd3 describes a method of a service: its path, and its own way to write what is asked. */
interface Method {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
}

type Deserialize<Answer> = (message: Buffer) => Answer;

/** The part used here of what etcd3 has of grpc-js for each service. */
interface ServiceClient {
  readonly range: Method;
  readonly txn: Method;
  readonly watch: Method;
  makeUnaryRequest<Request, Answer>(
    path: string,
    serialize: (request: Request) => Buffer,
    deserialize: Deserialize<Answer>,
    request: Request,
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

export interface RangeRequest {
  key: Buffer;
  range_end?: Buffer;
  /** 0 for all. */
  limit?: number;
  /** 0 for the newest. */
  revision?: number;
}

/** One call and its answer. */
interface Call<Request, Answer> {
  readonly method: 'range' | 'txn';
  readonly request: Request;
  readonly serialize?: (request: Request) => Buffer;
  readonly deserialize: Deserialize<Answer>;
  /** In the clock's milliseconds since 1970. */
  readonly deadlineMs: number;
}

const asItIs = (message: Buffer) => message;

/**
 * The calls that are many, on the client's connections but with answers, and rounds of writes, in messages of our own:
 * etcd3 makes objects of all that they hold. Its own watcher, besides, hides compaction and the bounds of transactions.
 */
export class Calls {
  private readonly pool: Pool;

  constructor(client: Etcd3) {
    const { pool } = client as unknown as { pool: ConstructorParameters<typeof WatchClient>[0] };
    this.pool = pool as unknown as Pool;
  }

  range(request: RangeRequest, deadlineMs: number): Promise<RangeAnswer> {
    return this.call({ method: 'range', request, deserialize: readRangeAnswer, deadlineMs });
  }

  /** @param message see round-message.ts */
  transaction(message: Buffer, deadlineMs: number): Promise<TransactionAnswer> {
    const ways = { serialize: asItIs, deserialize: readTransactionAnswer };
    return this.call({ method: 'txn', request: message, ...ways, deadlineMs });
  }

  watch(): Promise<WatchStream> {
    return this.pool.withConnection('Watch', ({ resource, client, metadata }) => {
      const { path, requestSerialize } = client.watch;
      const stream = client.makeBidiStreamRequest(path, requestSerialize, readWatchAnswer, metadata);
      stream.on('error', (error) => stream.writable && this.pool.markFailed(resource, error));
      return stream;
    });
  }

  private async call<Request extends object, Answer>(call: Call<Request, Answer>): Promise<Answer> {
    const send = () => this.pool.withConnection('KV', (connected) => answered(connected, call));
    try {
      return await send();
    } catch (error) {
      // etcd has done nothing yet.
      if (!isOutdatedToken(error)) throw error;
      this.pool.authenticator.invalidateMetadata();
      return send();
    }
  }
}

function answered<Request extends object, Answer>(
  { client, metadata }: Connected,
  { method, request, serialize, deserialize, deadlineMs: deadline }: Call<Request, Answer>,
): Promise<Answer> {
  const { path, requestSerialize } = client[method];
  return new Promise((resolve, reject) => {
    // Only by errors of its own does the pool see that a connection failed, and replaces it.
    const tell = (error: Error | null, answer?: Answer) => (error ? reject(castGrpcError(error)) : resolve(answer!));
    client.makeUnaryRequest(path, serialize ?? requestSerialize, deserialize, request, metadata, { deadline }, tell);
  });
}

function isOutdatedToken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('invalid auth token');
}
