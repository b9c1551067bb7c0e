import type { V1Pod } from '../../libs/api/gen/types.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Metrics } from '../../libs/base/metrics.ts';
import type { Random } from '../../libs/base/random.ts';
import type { Binder, Client, Evictor } from '../../libs/client/client.ts';
import type { Explanation } from '../../libs/scheduling/explain.ts';
import type { Profile } from '../../libs/scheduling/profiles.ts';

export interface SchedulerOptions {
  client: Client;
  binder: Binder;
  /** Through the API, one request for each pod, when absent. */
  evictor?: Evictor;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
  /** Pods that name a scheduler without a profile are left alone; the default profile alone when absent. */
  profiles?: readonly Profile[];
}

export interface Scheduler {
  /** Resolves when the cluster is known and pods are being placed; rejects when stopped before. */
  readonly ready: Promise<void>;
  /** Why a pod would go where it would, as things stand now; for one that runs, as if it came anew. */
  explain(pod: V1Pod): Explanation;
  stop(): Promise<void>;
}
