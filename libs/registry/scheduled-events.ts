import type { V1Pod } from '../api/gen/types.ts';
import { type KubeObject, nameOf, objectKey } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { storedValue } from '../cache/document.ts';
import { collectionPrefix } from '../cache/keys.ts';
import { transactionOperationsMax, type Write } from '../store/store.ts';
import type { ObjectWriter } from './writer.ts';

/** What a storm of bindings tells is kept until it can be written; more is dropped. */
const pendingScheduledEventsMax = 20_000;
/** Names of objects have at most 253 letters: those of an event's pod, a dot, and the suffix. */
const podNameLettersMax = 236;
const suffixLetters = 16;

export interface ScheduledEventParts {
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A pod that has just been bound. */
export interface Bound {
  /** As it was before. */
  readonly pod: V1Pod;
  readonly nodeName: string;
  /** The component that speaks. */
  readonly reportedBy: string;
}

const prefix = collectionPrefix('', 'events');

/**
 * Tells people of bindings, with one event for each pod as kube-scheduler does, and up to 128 events in one transaction.
 * Events of bindings always look alike and can be about each pod only once. So nothing is gained by sending each through
 * admission, validation and the record of field ownership, which cost more than the binding itself. Bindings do not wait
 * for their events.
 */
export class ScheduledEvents {
  private readonly pending: Bound[] = [];
  private writing: Promise<void> | undefined;

  constructor(private readonly parts: ScheduledEventParts) {}

  tell(all: readonly Bound[]): void {
    for (const bound of all) if (this.pending.length < pendingScheduledEventsMax) this.pending.push(bound);
    if (this.pending.length > 0) this.writing ??= this.write();
  }

  /** Resolves when all that was told has been written or dropped. */
  async flush(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    // Bindings that are ready to be written go first.
    await Promise.resolve();
    while (this.pending.length > 0) {
      const writes = this.pending.splice(0, transactionOperationsMax).map((bound) => this.writeOf(bound));
      try {
        await this.parts.writer.commit({ guards: [], writes });
      } catch (error) {
        this.parts.logger.debug('events of bindings were not written', { count: writes.length, error });
      }
    }
    this.writing = undefined;
  }

  private writeOf(bound: Bound): Write {
    const { random, clock } = this.parts;
    const uid = random.uuid();
    const suffix = random.uuid().replaceAll('-', '').slice(0, suffixLetters);
    const event = scheduledEvent(bound, { uid, suffix, now: rfc3339(clock.now()) });
    return { key: prefix + objectKey(nameOf(event)), value: storedValue(event) };
  }
}

/** The event as the API would have stored it. */
function scheduledEvent(
  { pod, nodeName, reportedBy }: Bound,
  { uid, suffix, now }: { uid: string; suffix: string; now: string },
): KubeObject {
  const { name = '', namespace = '', uid: podUid, resourceVersion } = pod.metadata ?? {};
  const event = {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name: `${name.slice(0, podNameLettersMax)}.${suffix}`, namespace, uid, creationTimestamp: now },
    involvedObject: { kind: 'Pod', namespace, name, uid: podUid, apiVersion: 'v1', resourceVersion },
    reason: 'Scheduled',
    message: `Successfully assigned ${namespace}/${name} to ${nodeName}`,
    source: { component: reportedBy },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: 'Normal',
    eventTime: null,
    reportingComponent: reportedBy,
    reportingInstance: '',
  };
  return event;
}
