import type { V1Pod } from '../../api/gen/types.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { podText } from '../../pods/spec.ts';
import { textOf } from '../failure.ts';
import type { NodePressure, Resource, Shortage } from './pressure.ts';
import { type Consumer, evictionMessage, rankForEviction } from './rank.ts';

/** How often the node is looked at, and how often while something is short. */
const lookMs = 10_000;
const pressedLookMs = 1_000;

export interface EvictionsOptions {
  pressure: NodePressure;
  clock: Clock;
  logger: Logger;
  /** What each pod that runs uses of it. */
  consumers: (resource: Resource) => Promise<Consumer[]>;
  /** Pods that have outgrown limits of their own, and what is said of each. */
  outgrown: () => Promise<Array<{ pod: V1Pod; message: string }>>;
  /** Frees what no pod needs of it. */
  reclaim: (resource: Resource) => Promise<void>;
  /** Whether a pod that was to go still holds what it holds. */
  holds: (pod: V1Pod) => boolean;
  evict: (pod: V1Pod, message: string) => void;
}

/**
 * Ends pods that outgrow their own limits of local storage, and one after the other while the node runs short of memory
 * or disk: better one pod than the node.
 */
export class Evictions {
  readonly #options: EvictionsOptions;
  #leaving: V1Pod | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: EvictionsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#again(lookMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** One look, and what follows from it. Answers whether anything is short. */
  async round(): Promise<boolean> {
    const { pressure, reclaim, holds } = this.#options;
    await this.#evictOutgrown();
    const [before] = pressure.look();
    if (!before) return false;
    if (this.#leaving && holds(this.#leaving)) return true;
    this.#leaving = undefined;
    await reclaim(before.resource);
    const short = pressure.look().find(({ resource }) => resource === before.resource);
    if (short) await this.#evictFor(short);
    return true;
  }

  #again(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      void this.round()
        .catch((error: unknown) => {
          this.#options.logger.warn('cannot see to the pressure on the node', { error: textOf(error) });
          return false;
        })
        .then((short) => this.#again(short ? pressedLookMs : lookMs));
    });
  }

  async #evictOutgrown(): Promise<void> {
    const { outgrown, logger, evict } = this.#options;
    for (const { pod, message } of await outgrown()) {
      logger.warn('evicting a pod', { pod: podText(pod), message });
      evict(pod, message);
    }
  }

  async #evictFor(shortage: Shortage): Promise<void> {
    const { consumers, logger, evict } = this.#options;
    const [first] = rankForEviction(await consumers(shortage.resource), shortage.resource);
    if (!first) {
      logger.warn('the node is short and has no pod to evict', { ...shortage });
      return;
    }
    this.#leaving = first.pod;
    logger.warn('evicting a pod', { pod: podText(first.pod), ...shortage });
    evict(first.pod, evictionMessage(shortage, first));
  }
}
