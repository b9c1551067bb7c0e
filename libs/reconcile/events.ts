import type { CoreV1Event, V1ObjectReference } from '../api/gen/types.ts';
import { events } from '../api/kinds/event.ts';
import { apiVersionOf, type KubeObject, type Resource } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { isStatus } from '../base/status.ts';
import type { Client } from '../client/client.ts';
import { EventCorrelator, type EventEntry, type EventFacts } from './event-correlator.ts';

/** What a storm of some thousand pods tells is kept until it can be written. */
export const pendingEventsMax = 10_000;
/** Written at once, so that the store puts many of them into one flush; few enough to leave room to other work. */
export const eventsAtOnceMax = 64;
export const eventMessageCharsMax = 1024;

export interface EventRecorderOptions {
  client: Client;
  clock: Clock;
  random: Random;
  /** The component that speaks, such as `deployment-controller`. */
  component: string;
  logger?: Logger;
}

/** What happened, in words for people. */
export interface Happening {
  type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  reason: string;
  message: string;
}

/** What is to be written of an event. */
interface Told {
  entry: EventEntry;
  message: string;
  count: number;
}

/** Tells people about what happens to objects. Never blocks and never fails; what is too much is dropped. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #logger: Logger;
  readonly #correlator: EventCorrelator;
  readonly #pending: EventFacts[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#correlator = new EventCorrelator(options.clock);
  }

  get component(): string {
    return this.#options.component;
  }

  /** A recorder that speaks for another component. */
  for(component: string): EventRecorder {
    return new EventRecorder({ ...this.#options, component });
  }

  record(resource: Resource, object: KubeObject, happening: Happening): void {
    this.recordFor(referenceTo(resource, object), happening);
  }

  recordFor(about: V1ObjectReference, happening: Happening): void {
    if (this.#pending.length >= pendingEventsMax) return;
    const message = happening.message.slice(0, eventMessageCharsMax);
    this.#pending.push({ ...happening, message, about, component: this.#options.component });
    this.#writing ??= this.#drain();
  }

  /** Resolves when all that was recorded has been written or dropped. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // Lets the caller go on before the first write.
    await Promise.resolve();
    while (this.#pending.length > 0) await this.#writeAll(this.#pending.splice(0, eventsAtOnceMax));
    this.#writing = undefined;
  }

  /** All at once, but for those that raise the count of another: they follow it. */
  async #writeAll(all: readonly EventFacts[]): Promise<void> {
    const written = new Map<EventEntry, Promise<void>>();
    for (const facts of all) {
      const decision = this.#correlator.correlate(facts);
      if (decision === undefined) continue;
      const { entry } = decision;
      const { count } = entry;
      const write = () => this.#write(facts, { ...decision, count });
      written.set(entry, written.get(entry)?.then(write) ?? write());
    }
    await Promise.all(written.values());
  }

  async #write(facts: EventFacts, told: Told): Promise<void> {
    try {
      await this.#tell(facts, told);
    } catch (error) {
      this.#logger.debug('an event was not recorded', { reason: facts.reason, error });
    }
  }

  async #tell(facts: EventFacts, { entry, message, count }: Told): Promise<void> {
    const { client, clock } = this.#options;
    const now = rfc3339(clock.now());
    if (entry.name !== undefined) {
      const at = { namespace: entry.namespace, name: entry.name };
      const body = { count, lastTimestamp: now, message };
      try {
        await client.patch(events, at, { type: 'merge', body });
        return;
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error;
        entry.count = 1;
      }
    }
    const created = await client.create(events, this.#eventOf(facts, message, now));
    entry.name = created.metadata.name;
    entry.namespace = created.metadata.namespace ?? '';
  }

  #eventOf(facts: EventFacts, message: string, now: string): CoreV1Event {
    const { component, random } = this.#options;
    const suffix = random.uuid().replaceAll('-', '').slice(0, 16);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${facts.about.name}.${suffix}`, namespace: facts.about.namespace ?? 'default' },
      involvedObject: facts.about,
      type: facts.type,
      reason: facts.reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component },
      reportingComponent: component,
      reportingInstance: '',
    };
  }
}

/** A reference to the object as it stands. */
export function referenceTo(resource: Resource, object: KubeObject): V1ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata ?? {};
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    ...(namespace ? { namespace } : {}),
    name: name ?? '',
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}
