import type { V1Pod } from '../api/gen/types.ts';
import { type KubeObject, nameOf, objectKey } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { collectionPrefix } from '../cache/keys.ts';
import { storedValue } from '../cache/stored-value.ts';
import { transactionOperationsMax, type Write } from '../store/store.ts';
import type { ObjectWriter } from './writer.ts';

/** What a storm of bindings and evictions tells is kept until it can be written; more is dropped. */
const pendingPodEventsMax = 20_000;
/** Names of objects have at most 253 letters: those of an event's pod, a dot, and the suffix. */
const podNameLettersMax = 236;
const suffixLetters = 16;

export interface PodEventParts {
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What has just happened to a pod. */
export interface PodNews {
  /** As it was before. */
  readonly pod: V1Pod;
  /** One word in CamelCase. */
  readonly reason: string;
  /** What was done; one word in CamelCase. */
  readonly action: string;
  readonly message: string;
  /** The component that speaks. */
  readonly reportedBy: string;
}

const prefix = collectionPrefix('', 'events');

/**
 * Tells people what the scheduler has done to pods, with one event for each pod as kube-scheduler does, and up to 128
 * events in one transaction. These events always look alike, and a pod is bound or evicted only once. So nothing is
 * gained by sending each through admission, validation and the record of field ownership, which cost more than the
 * binding itself. Nobody waits for them.
 */
export class PodEvents {
  private readonly pending: PodNews[] = [];
  private writing: Promise<void> | undefined;

  constructor(private readonly parts: PodEventParts) {}

  tell(all: readonly PodNews[]): void {
    for (const news of all) if (this.pending.length < pendingPodEventsMax) this.pending.push(news);
    if (this.pending.length > 0) this.writing ??= this.write();
  }

  /** Resolves when all that was told has been written or dropped. */
  async flush(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    // What they are about goes first, if it is ready to be written.
    await Promise.resolve();
    while (this.pending.length > 0) {
      const told = this.pending.splice(0, transactionOperationsMax);
      try {
        await this.parts.writer.commit({ guards: [], writes: told.map((news) => this.writeOf(news)) });
      } catch (error) {
        this.parts.logger.debug('events about pods were not written', { count: told.length, error });
      }
    }
    this.writing = undefined;
  }

  private writeOf(news: PodNews): Write {
    const { random, clock } = this.parts;
    const uid = random.uuid();
    const suffix = random.uuid().replaceAll('-', '').slice(0, suffixLetters);
    const event = eventOf(news, { uid, suffix, now: rfc3339(clock.now()) });
    return { key: prefix + objectKey(nameOf(event)), value: storedValue(event) };
  }
}

/** The event as the API would have stored it. */
function eventOf(
  { pod, reason, action, message, reportedBy }: PodNews,
  { uid, suffix, now }: { uid: string; suffix: string; now: string },
): KubeObject {
  const { name = '', namespace = '', uid: podUid, resourceVersion } = pod.metadata ?? {};
  const event = {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name: `${name.slice(0, podNameLettersMax)}.${suffix}`, namespace, uid, creationTimestamp: now },
    involvedObject: { kind: 'Pod', namespace, name, uid: podUid, apiVersion: 'v1', resourceVersion },
    reason,
    message,
    action,
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
