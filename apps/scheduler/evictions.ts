import type { V1Pod } from '../../libs/api/gen/types.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { nameOf, objectKey } from '../../libs/api/meta.ts';
import { type Clock, rfc3339 } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { Client } from '../../libs/client/client.ts';
import type { EventRecorder } from '../../libs/reconcile/events.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import type { PlacedPod, PodInfo } from '../../libs/scheduling/pod-info.ts';
import type { Preemption } from '../../libs/scheduling/preemption.ts';

export interface EvictionParts {
  client: Client;
  cluster: Cluster;
  events: EventRecorder;
  clock: Clock;
  logger: Logger;
}

/** Makes room for pods of higher priority: keeps the room for them, tells the victims why, and deletes them. */
export class Evictions {
  private readonly parts: EvictionParts;
  /** Victims of each pod that waits for room. */
  private readonly underWay = new Map<string, Set<string>>();

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
    for (const victim of running) void this.evict(victim, info, nodeName);
  }

  private async evict({ info: victim }: PlacedPod, info: PodInfo, nodeName: string): Promise<void> {
    const { client, events, cluster, logger } = this.parts;
    if (!goesAtOnce(victim.pod)) await this.mark(victim);
    try {
      await client.delete(pods, nameOf(victim.pod), { preconditions: { uid: victim.uid } });
      const message = `Preempted by pod ${info.uid} on node ${nodeName}`;
      events.record(pods, victim.pod, { type: 'Normal', reason: 'Preempted', message });
    } catch (error) {
      if (isStatus(error, 'NotFound', 'Conflict')) return;
      logger.warn('a victim could not be deleted', { pod: objectKey(nameOf(victim.pod)), error });
      // Another attempt may choose other victims.
      this.underWay.delete(info.uid);
      cluster.denominate(info.uid);
    }
  }

  /** Says on the victim why it has to leave. */
  private async mark({ pod, uid }: PodInfo): Promise<void> {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'preempted to make room for a pod of higher priority',
      lastTransitionTime: rfc3339(this.parts.clock.now()),
    };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
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
