import type { KubeObject, ObjectName, Resource } from '../../libs/api/meta.ts';
import type { Clock } from '../../libs/base/clock.ts';
import { sleep } from '../../libs/base/clock.ts';
import type { Random } from '../../libs/base/random.ts';
import { StatusError } from '../../libs/base/status.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ListResult,
  Patch,
  WatchBatch,
  WatchOptions,
  WriteOptions,
} from '../../libs/client/client.ts';

/** How often each thing goes wrong, in [0, 1], and how long things take. */
export interface Faults {
  /** The request never arrives. */
  lostRequest: number;
  /** The request is carried out and its answer never comes. */
  lostAnswer: number;
  /** The watch breaks off after an event. */
  brokenWatch: number;
  latencyMsMax: number;
  /** How far an event may lag behind. */
  watchLagMsMax: number;
}

export const noFaults: Faults = { lostRequest: 0, lostAnswer: 0, brokenWatch: 0, latencyMsMax: 0, watchLagMsMax: 0 };

/** A client whose connection is as bad as `faults` says. Change `faults` to heal it. */
export class FaultyClient implements Client {
  readonly #inner: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  faults: Faults;

  constructor(inner: Client, options: { clock: Clock; random: Random; faults: Faults }) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#random = options.random;
    this.faults = options.faults;
  }

  get<T extends KubeObject>(resource: Resource<T>, at: ObjectName): Promise<T> {
    return this.#suffer(() => this.#inner.get(resource, at));
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListResult<T>> {
    return this.#suffer(() => this.#inner.list(resource, options));
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchBatch<T>> {
    for await (const batch of this.#inner.watch(resource, options)) {
      for (const event of batch) {
        await this.#pause(this.faults.watchLagMsMax);
        if (options.signal.aborted) return;
        yield [event];
        if (this.#random.next() < this.faults.brokenWatch) throw new StatusError('ServiceUnavailable', 'broken watch');
      }
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#suffer(() => this.#inner.create(resource, object, options));
  }

  createSubresource<R>(resource: Resource, at: ObjectName, body: KubeObject, options: WriteOptions): Promise<R> {
    return this.#suffer(() => this.#inner.createSubresource<R>(resource, at, body, options));
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#suffer(() => this.#inner.update(resource, object, options));
  }

  patch<T extends KubeObject>(resource: Resource<T>, at: ObjectName, patch: Patch, options?: WriteOptions): Promise<T> {
    return this.#suffer(() => this.#inner.patch(resource, at, patch, options));
  }

  delete(resource: Resource, at: ObjectName, options?: DeleteOptions): Promise<void> {
    return this.#suffer(() => this.#inner.delete(resource, at, options));
  }

  async #suffer<R>(request: () => Promise<R>): Promise<R> {
    await this.#pause(this.faults.latencyMsMax);
    if (this.#random.next() < this.faults.lostRequest) throw new StatusError('ServiceUnavailable', 'lost request');
    const answer = await request();
    await this.#pause(this.faults.latencyMsMax);
    if (this.#random.next() < this.faults.lostAnswer) throw new StatusError('Timeout', 'lost answer');
    return answer;
  }

  async #pause(msMax: number): Promise<void> {
    if (msMax > 0) await sleep(this.#clock, Math.floor(this.#random.next() * msMax));
  }
}
