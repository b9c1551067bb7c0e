import type { V1Pod } from '../../libs/api/gen/types.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { nameOf, objectKey } from '../../libs/api/meta.ts';
import { type Clock, rfc3339 } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { Client, Evictor } from '../../libs/client/client.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import type { PodInfo } from '../../libs/scheduling/pod-info.ts';
import type { Preemption } from '../../libs/scheduling/preemption.ts';
import { schedulerNameOf } from '../../libs/scheduling/profiles.ts';
import { Turns } from './turns.ts';

/** Conditions that are written to victims at once; further ones wait for their turn. */
const marksAtOnceMax = 64;

export interface EvictionParts {
  client: Client;
  evictor: Evictor;
  cluster: Cluster;
  clock: Clock;
  logger: Logger;
}

/** A pod that is to go, the node that it leaves, and the pod that it makes room for. */
interface Victim {
  pod: V1Pod;
  nodeName: string;
  preemptor: PodInfo;
}

/** Makes room for pods of higher priority: keeps the room for them, tells the victims why, and deletes them, those of many pods together. */
export class Evictions {
  private readonly parts: EvictionParts;
  /** Victims of each pod that waits for room. */
  private readonly underWay = new Map<string, Set<string>>();
  /** Victims that have not been sent on their way yet. */
  private chosen: Victim[] = [];
  /** Victims that have been told why since the last turn of the event loop. */
  private marked: Victim[] = [];
  private readonly turns = new Turns(marksAtOnceMax);

  constructor(parts: EvictionParts) {
    this.parts = parts;
  }

  /** Whether room is being made for the pod: some of its victims are still there. */
  isWaitingFor({ uid }: PodInfo): boolean {
    const victims = this.underWay.get(uid);
    if (victims === undefined) return false;
    for (const victim of victims) if (this.parts.cluster.placedPod(victim) !== undefined) return true;
    this.underWay.delete(uid);
    return false;
  }

  start(info: PodInfo, { nodeName, victims }: Preemption): void {
    const { cluster, logger } = this.parts;
    cluster.nominate(info, nodeName);
    for (const reservation of victims.filter(({ isReservation }) => isReservation)) {
      cluster.denominate(reservation.info.uid);
    }
    const running = victims.filter(({ isReservation }) => !isReservation);
    this.underWay.set(info.uid, new Set(running.map(({ info: victim }) => victim.uid)));
    logger.info('making room for a pod', { pod: objectKey(info), node: nodeName, victims: running.length });
    for (const { info: victim } of running) this.chosen.push({ pod: victim.pod, nodeName, preemptor: info });
  }

  /** Sends those that have been chosen on their way. */
  flush(): void {
    if (this.chosen.length === 0) return;
    const victims = this.chosen;
    this.chosen = [];
    void this.evict(victims.filter(({ pod }) => goesAtOnce(pod)));
    for (const victim of victims) {
      // Who sees that they are leaving shall see why.
      if (!goesAtOnce(victim.pod)) void this.turns.run(() => this.mark(victim)).then(() => this.evictSoon(victim));
    }
  }

  /** Evicts together those whose marks have been written in the same turn: none waits for a slow write of another. */
  private evictSoon(victim: Victim): void {
    if (this.marked.push(victim) > 1) return;
    setImmediate(() => {
      const victims = this.marked;
      this.marked = [];
      void this.evict(victims);
    });
  }

  private async evict(victims: readonly Victim[]): Promise<void> {
    if (victims.length === 0) return;
    const { evictor } = this.parts;
    const evictions = victims.map(({ pod, nodeName, preemptor }) => ({
      pod,
      message: `Preempted by pod ${preemptor.uid} on node ${nodeName}`,
      reportedBy: schedulerNameOf(preemptor.pod),
    }));
    const errors = await evictor.evictAll(evictions).catch((error: Error) => victims.map(() => error));
    victims.forEach((victim, at) => {
      this.settle(victim, errors[at]);
    });
  }

  private settle({ pod, preemptor }: Victim, error: Error | undefined): void {
    if (error === undefined || isStatus(error, 'NotFound', 'Conflict')) return;
    const { cluster, logger } = this.parts;
    logger.warn('a victim could not be deleted', { pod: objectKey(nameOf(pod)), error });
    // Another attempt may choose other victims.
    this.underWay.delete(preemptor.uid);
    cluster.denominate(preemptor.uid);
  }

  /** Says on the victim why it has to leave. */
  private async mark({ pod, preemptor }: Victim): Promise<void> {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerNameOf(preemptor.pod)}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: rfc3339(this.parts.clock.now()),
    };
    const body = { metadata: { uid: pod.metadata?.uid }, status: { conditions: [condition] } };
    try {
      await this.parts.client.patch(pods, nameOf(pod), { type: 'strategic', body }, { subresource: 'status' });
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict')) this.parts.logger.warn('a pod status was not written', { error });
    }
  }
}

/** Whether nothing of the pod is left to be read once it has been deleted. */
function goesAtOnce({ metadata, spec }: V1Pod): boolean {
  return spec?.terminationGracePeriodSeconds === 0 && !metadata?.finalizers?.length;
}
