import { apiVersionOf, type KubeObject, type Resource } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Client } from './client.ts';
import { Informer } from './informer.ts';
import { Reflector, type ReflectorTarget } from './reflector.ts';

export interface InformerSetOptions {
  client: Client;
  clock: Clock;
  logger?: Logger;
}

/** One informer per resource, shared by all who ask. */
export class InformerSet {
  readonly #options: InformerSetOptions;
  readonly #informers = new Map<string, { informer: Informer<KubeObject> }>();
  readonly #reflectors: Array<Pick<Reflector<KubeObject>, 'start' | 'stop'>> = [];
  #started = false;

  constructor(options: InformerSetOptions) {
    this.#options = options;
  }

  /** The informer of the resource; it runs once the set has been started. */
  of<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    const id = `${apiVersionOf(resource)}/${resource.plural}`;
    const standing = this.#informers.get(id);
    // The id stands for the resource, and so for the type of its objects.
    if (standing) return standing.informer as unknown as Informer<T>;
    const informer = new Informer<T>({ ...this.#options, resource });
    this.#informers.set(id, { informer: informer as unknown as Informer<KubeObject> });
    if (this.#started) informer.start();
    return informer;
  }

  /**
   * Shows a target of the caller's own the metadata of the resource's objects, while the set runs: for kinds of which
   * there are too many objects to keep them all.
   */
  reflectMetadata<T extends KubeObject>(resource: Resource<T>, target: ReflectorTarget<KubeObject>): Reflector<T> {
    const reflector = new Reflector<T>({ ...this.#options, resource, metadataOnly: true }, target);
    this.#reflectors.push(reflector);
    if (this.#started) reflector.start();
    return reflector;
  }

  start(): void {
    this.#started = true;
    for (const { informer } of this.#informers.values()) informer.start();
    for (const reflector of this.#reflectors) reflector.start();
  }

  /** Stops and forgets one informer, for a resource that is no longer served. */
  async drop(resource: Resource): Promise<void> {
    const id = `${apiVersionOf(resource)}/${resource.plural}`;
    const standing = this.#informers.get(id);
    this.#informers.delete(id);
    await standing?.informer.stop();
  }

  async stop(): Promise<void> {
    const informers = [...this.#informers.values()].map(({ informer }) => informer);
    await Promise.all([...informers, ...this.#reflectors].map((each) => each.stop()));
  }
}
