import { Etcd3, type IOptions } from 'etcd3';
import type { Clock } from '../base/clock.ts';
import type { RangeAnswer, TransactionAnswer } from './answers.ts';
import { Calls, type RangeRequest, type WatchStream } from './calls.ts';
import { isConnectionFailure, storeError } from './errors.ts';
import type { EtcdLocation } from './url.ts';

/** A call without an answer after this long has failed. */
const callMsMax = 10_000;
/** Larger than any page or watch response that is asked for; etcd's own limit of a request is 1.5 MB by default. */
const messageBytesMax = 512 * 2 ** 20;
const keepAliveMs = 10_000;
const keepAliveTimeoutMs = 5_000;

/** One member of the etcd cluster. */
export interface Member {
  endpoint: string;
  range(request: RangeRequest): Promise<RangeAnswer>;
  /** @param message see round-message.ts */
  transaction(message: Buffer): Promise<TransactionAnswer>;
  watch(): Promise<WatchStream>;
  /** Forgets what only revisions of etcd's below this one show. */
  compact(modRevision: number): Promise<unknown>;
  close(): void;
}

/** Runs what it is given, once. */
const once = { execute: async <T>(run: (context: object) => T | Promise<T>) => run({}) };
const noRetries = { host: () => once, global: once } as unknown as IOptions['faultHandling'];

/**
 * Connections to the members, one of which is used until it fails. The client's own retries are off: a transaction
 * whose answer was lost must not be sent again, because its guards would then refuse what it has itself written.
 */
export class Connection {
  private readonly members: Member[];
  private current = 0;

  constructor(location: EtcdLocation, clock: Clock) {
    this.members = location.endpoints.map((endpoint) => connect(endpoint, location, clock));
  }

  member(): Member {
    return this.members[this.current]!;
  }

  /** Turns to the next member, unless somebody has done so since `failed` was in use. */
  leave(failed: Member): void {
    if (this.member() === failed) this.current = (this.current + 1) % this.members.length;
  }

  /** Runs a call that may be repeated, on each member in turn until one answers. @throws StoreUnavailableError */
  async read<T>(doing: string, call: (member: Member) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const member = this.member();
      try {
        return await call(member);
      } catch (error) {
        if (!isConnectionFailure(error)) throw error;
        this.leave(member);
        if (attempt >= this.members.length) throw storeError(error, doing);
      }
    }
  }

  /** Runs a call that must not be repeated. @throws StoreUnavailableError */
  async write<T>(doing: string, call: (member: Member) => Promise<T>): Promise<T> {
    const member = this.member();
    try {
      return await call(member);
    } catch (error) {
      if (isConnectionFailure(error)) this.leave(member);
      throw storeError(error, doing);
    }
  }

  close(): void {
    for (const member of this.members) member.close();
  }
}

function connect(endpoint: string, location: EtcdLocation, clock: Clock): Member {
  const { tls, login } = location;
  const client = new Etcd3({
    hosts: endpoint,
    credentials: tls?.ca && { rootCertificate: tls.ca, certChain: tls.certificate, privateKey: tls.key },
    auth: login && { username: login.user, password: login.password },
    faultHandling: noRetries,
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: clock.now() + callMsMax }),
    grpcOptions: {
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      // Nobody asks for its books of calls.
      'grpc.enable_channelz': 0,
      'grpc.keepalive_time_ms': keepAliveMs,
      'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    },
  });
  const calls = new Calls(client);
  return {
    endpoint,
    range: (request) => calls.range(request, clock.now() + callMsMax),
    transaction: (message) => calls.transaction(message, clock.now() + callMsMax),
    watch: () => calls.watch(),
    compact: (modRevision) => client.kv.compact({ revision: modRevision }),
    close: () => client.close(),
  };
}
