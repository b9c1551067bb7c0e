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
/** From one walk over the disk of the pods that have limits of their own to the next. */
const outgrownLookMs = 30_000;

/** A pod that has outgrown a limit of its own, and what is said of it. */
export interface Outgrown {
  pod: V1Pod;
  message: string;
}

export interface EvictionsOptions {
  pressure: NodePressure;
  clock: Clock;
  logger: Logger;
  /** What each pod that runs uses of it. */
  consumers: (shortage: Shortage) => Promise<Consumer[]>;
  /** Pods that have outgrown limits of their own; may take long. */
  outgrown: () => Promise<Outgrown[]>;
  /** Frees what no pod needs of it. */
  reclaim: (resource: Resource) => Promise<void>;
  /** Whether a pod that was to go still holds what it holds. */
  holds: (pod: V1Pod) => boolean;
  evict: (pod: V1Pod, message: string) => void;
}

/** Something done again and again. */
interface Task {
  /** Answers after how many milliseconds to run it again. */
  run: () => Promise<number>;
  /** What is said when it fails, and how long it waits then. */
  failed: string;
  failedDelayMs: number;
}

/**
 * Ends pods one after the other while the node runs short of memory or disk: better one pod than the node. Besides, and
 * at a pace of its own, it ends pods that outgrow their own limits of local storage: that needs a walk over their disk,
 * for which a node that runs short cannot wait.
 */
export class Evictions {
  readonly #options: EvictionsOptions;
  /** Pods that were told to go: while one of them holds what it holds, the node need not lose another. */
  #leaving: V1Pod[] = [];
  readonly #timers = new Map<Task, Timer>();
  #stopped = false;

  constructor(options: EvictionsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#again(this.#pressureTask, lookMs);
    this.#again(this.#limitsTask, outgrownLookMs);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  readonly #pressureTask: Task = {
    failed: 'cannot see to the pressure on the node',
    run: async () => ((await this.#relieve()) ? pressedLookMs : lookMs),
    failedDelayMs: lookMs,
  };

  readonly #limitsTask: Task = {
    failed: 'cannot see what pods have on disk',
    run: async () => {
      await this.#evictOutgrown();
      return outgrownLookMs;
    },
    failedDelayMs: outgrownLookMs,
  };

  #again(task: Task, delayMs: number): void {
    if (this.#stopped) return;
    const run = async () => {
      try {
        this.#again(task, await task.run());
      } catch (error) {
        this.#options.logger.warn(task.failed, { error: textOf(error) });
        this.#again(task, task.failedDelayMs);
      }
    };
    this.#timers.set(
      task,
      this.#options.clock.setTimer(delayMs, () => void run()),
    );
  }

  /** One look at the pressure, and what follows from it. Answers whether anything is short. */
  async #relieve(): Promise<boolean> {
    const { pressure, reclaim } = this.#options;
    const [before] = pressure.look();
    if (!before) return false;
    if (this.#stillLeaving().length > 0) return true;
    await reclaim(before.resource);
    const short = pressure.look().find(({ resource }) => resource === before.resource);
    if (short) await this.#evictFor(short);
    return true;
  }

  async #evictFor(shortage: Shortage): Promise<void> {
    const { consumers, logger } = this.#options;
    const [first] = rankForEviction(await consumers(shortage), shortage.resource);
    if (this.#stopped || this.#stillLeaving().length > 0) return;
    if (!first) {
      logger.warn('the node is short and has no pod to evict', { ...shortage });
      return;
    }
    this.#evict({ pod: first.pod, message: evictionMessage(shortage, first) });
  }

  async #evictOutgrown(): Promise<void> {
    for (const found of await this.#options.outgrown()) {
      const { uid } = found.pod.metadata ?? {};
      const told = this.#stillLeaving().some(({ metadata }) => metadata?.uid === uid);
      if (!this.#stopped && !told) this.#evict(found);
    }
  }

  #evict({ pod, message }: Outgrown): void {
    this.#leaving.push(pod);
    this.#options.logger.warn('evicting a pod', { pod: podText(pod), message });
    this.#options.evict(pod, message);
  }

  #stillLeaving(): readonly V1Pod[] {
    this.#leaving = this.#leaving.filter((pod) => this.#options.holds(pod));
    return this.#leaving;
  }
}
