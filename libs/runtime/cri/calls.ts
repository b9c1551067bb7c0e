import { type CallOptions, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { RuntimeError } from '../runtime.ts';

/** How much a runtime may answer in one message: ExecSync gives up to 16 MiB on each of its two outputs. */
const messageBytesMax = 40 * 2 ** 20;

/** One method of a generated service definition. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

export interface CallSettings {
  /** undefined waits for ever. */
  timeoutMs: number | undefined;
  metadata?: Metadata;
}

const codes = new Map<number, RuntimeError['code']>([
  [status.NOT_FOUND, 'notFound'],
  [status.UNAVAILABLE, 'unavailable'],
  [status.DEADLINE_EXCEEDED, 'deadline'],
  [status.UNIMPLEMENTED, 'unimplemented'],
]);

function runtimeError(error: ServiceError): RuntimeError {
  return new RuntimeError(codes.get(error.code) ?? 'other', error.details || error.message, error);
}

/** A connection to a runtime's unix socket. */
export class RuntimeConnection {
  readonly #client: Client;

  constructor(socketPath: string) {
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      'grpc.default_authority': 'localhost',
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2000,
    });
  }

  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    settings: CallSettings,
  ): Promise<Response> {
    const options: CallOptions =
      settings.timeoutMs === undefined
        ? {}
        : { deadline: new Date(performance.timeOrigin + performance.now() + settings.timeoutMs) };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        settings.metadata ?? new Metadata(),
        options,
        (error, response) => {
          if (error) reject(runtimeError(error));
          else resolve(response as Response);
        },
      );
    });
  }

  /** Opens a stream of answers; `onEnd` comes once. Returns the way to cancel. */
  stream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    handlers: {
      onData: (data: Response) => void;
      onOpen: () => void;
      onEnd: (error: RuntimeError | undefined) => void;
    },
  ): () => void {
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    );
    let ended = false;
    const end = (error: RuntimeError | undefined) => {
      if (ended) return;
      ended = true;
      handlers.onEnd(error);
    };
    call.on('metadata', (_: Metadata) => handlers.onOpen());
    call.on('data', (data: Response) => handlers.onData(data));
    call.on('error', (error: ServiceError) => end(runtimeError(error)));
    call.on('end', () => end(undefined));
    return () => {
      ended = true;
      call.cancel();
    };
  }

  close(): void {
    this.#client.close();
  }
}
