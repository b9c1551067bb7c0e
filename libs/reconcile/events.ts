import type { CoreV1Event, V1ObjectReference } from '../api/gen/types.ts';
import { events } from '../api/kinds/event.ts';
import { apiVersionOf, type KubeObject, type Resource } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { isStatus } from '../base/status.ts';
import type { Client } from '../client/client.ts';
import { EventCorrelator, type EventFacts } from './event-correlator.ts';

export const pendingEventsMax = 1000;
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
  /** What was done about it, or tried; one word in CamelCase. */
  action?: string;
  /** Who says it, when that is not the component that the recorder speaks for. */
  component?: string;
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
    this.#pending.push({ component: this.#options.component, ...happening, message, about });
    this.#writing ??= this.#drain();
  }

  /** Resolves when all that was recorded has been written or dropped. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // Lets the caller go on before the first write.
    await Promise.resolve();
    // One after another: a storm of events must not take the time of what they are about.
    for (let facts = this.#pending.shift(); facts; facts = this.#pending.shift()) {
      try {
        await this.#write(facts);
      } catch (error) {
        this.#logger.debug('an event was not recorded', { reason: facts.reason, error });
      }
    }
    this.#writing = undefined;
  }

  async #write(facts: EventFacts): Promise<void> {
    const decision = this.#correlator.correlate(facts);
    if (!decision) return;
    const { client, clock } = this.#options;
    const now = rfc3339(clock.now());
    const { entry, message } = decision;
    if (entry.name !== undefined) {
      const at = { namespace: entry.namespace, name: entry.name };
      const body = { count: entry.count, lastTimestamp: now, message };
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
    const { random } = this.#options;
    const { component } = facts;
    const suffix = random.uuid().replaceAll('-', '').slice(0, 16);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${facts.about.name}.${suffix}`, namespace: facts.about.namespace ?? 'default' },
      involvedObject: facts.about,
      type: facts.type,
      reason: facts.reason,
      message,
      ...(facts.action === undefined ? {} : { action: facts.action }),
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
