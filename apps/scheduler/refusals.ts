import type { V1Pod } from '../../libs/api/gen/types.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { nameOf } from '../../libs/api/meta.ts';
import { type Clock, rfc3339, type Timer } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { Client } from '../../libs/client/client.ts';
import type { EventRecorder } from '../../libs/reconcile/events.ts';
import { schedulerNameOf } from '../../libs/scheduling/profiles.ts';

/** Patches of conditions under way at once: few, so that a busy server is slowed by them least, and an idle one hears them at once. */
const patchesMax = 2;
/**
 * How many pods are told at once, and how many a second go on being told. A storm of pods that fit nowhere must not take
 * the time of those that fit; whoever waits, waits anyway.
 */
const toldBurst = 200;
const toldPerSecond = 100;
/** A pod that room is being made for is told after this long: most are bound before, and need not hear that they wait. */
const nominatedToldAfterMs = 100;

interface Refusal {
  pod: V1Pod;
  reason: 'Unschedulable' | 'SchedulerError';
  message: string;
  /** Where room is being made for the pod. */
  nominatedNodeName?: string;
}

export interface RefusalParts {
  client: Client;
  events: EventRecorder;
  clock: Clock;
  logger: Logger;
}

/**
 * Tells why pods wait, and for which node if room is being made: in their status and as an event. The newest word
 * about a pod wins, and a pod that is bound before its turn comes costs nothing.
 */
export class Refusals {
  private readonly waiting = new Map<string, Refusal>();
  /** Those for which room is being made and whose time has not come yet, the first to come first. */
  private readonly early = new Map<string, { refusal: Refusal; dueMs: number }>();
  /** The last word about each waiting pod; the same is not said twice. */
  private readonly said = new Map<string, string>();
  private running = 0;
  private allowance = toldBurst;
  private countedAtMs: number;
  private timer: Timer | undefined;
  private earlyTimer: Timer | undefined;
  private readonly parts: RefusalParts;

  constructor(parts: RefusalParts) {
    this.parts = parts;
    this.countedAtMs = parts.clock.monotonic();
  }

  tell(refusal: Refusal): void {
    const uid = refusal.pod.metadata?.uid ?? '';
    const word = `${refusal.message} ${refusal.nominatedNodeName ?? ''}`;
    if (this.said.get(uid) === word) return;
    this.said.set(uid, word);
    if (refusal.nominatedNodeName === undefined || this.waiting.get(uid)?.nominatedNodeName !== undefined) {
      this.early.delete(uid);
      this.waiting.set(uid, refusal);
      this.pump();
    } else {
      this.waiting.delete(uid);
      // Another word about it keeps the place and the time of the first: it is told however often its room changes.
      const dueMs = this.early.get(uid)?.dueMs ?? this.parts.clock.monotonic() + nominatedToldAfterMs;
      this.early.set(uid, { refusal, dueMs });
      this.followEarly();
    }
  }

  /** The pod has got a node or is gone: nothing more is to be said. */
  forget(uid: string): void {
    this.early.delete(uid);
    this.waiting.delete(uid);
    this.said.delete(uid);
  }

  /** Nothing more is told. */
  stop(): void {
    this.timer?.cancel();
    this.earlyTimer?.cancel();
    this.early.clear();
    this.waiting.clear();
  }

  /** Lets those whose time has come wait for their turn, and comes back for the next. */
  private followEarly(): void {
    if (this.earlyTimer !== undefined) return;
    const { clock } = this.parts;
    const nowMs = clock.monotonic();
    for (const [uid, { refusal, dueMs }] of this.early) {
      if (dueMs > nowMs) {
        this.earlyTimer = clock.setTimer(dueMs - nowMs, () => {
          this.earlyTimer = undefined;
          this.followEarly();
        });
        break;
      }
      this.early.delete(uid);
      this.waiting.set(uid, refusal);
    }
    this.pump();
  }

  private pump(): void {
    for (const [uid, refusal] of this.waiting) {
      if (this.running >= patchesMax || !this.isAllowed()) return;
      this.waiting.delete(uid);
      this.running++;
      void this.write(refusal).finally(() => {
        this.running--;
        this.pump();
      });
    }
  }

  /** Takes one of the allowance; when there is none, comes back as soon as there is. */
  private isAllowed(): boolean {
    const { clock } = this.parts;
    const nowMs = clock.monotonic();
    this.allowance = Math.min(toldBurst, this.allowance + ((nowMs - this.countedAtMs) / 1000) * toldPerSecond);
    this.countedAtMs = nowMs;
    if (this.allowance >= 1) {
      this.allowance--;
      return true;
    }
    this.timer ??= clock.setTimer(Math.ceil(((1 - this.allowance) / toldPerSecond) * 1000), () => {
      this.timer = undefined;
      this.pump();
    });
    return false;
  }

  private async write({ pod, reason, message, nominatedNodeName }: Refusal): Promise<void> {
    const { client, clock, events, logger } = this.parts;
    events.record(pods, pod, {
      type: 'Warning',
      reason: 'FailedScheduling',
      action: 'Scheduling',
      message,
      component: schedulerNameOf(pod),
    });
    const current = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    const observedGeneration = pod.metadata?.generation;
    const isSaid = current?.status === 'False' && current.reason === reason && current.message === message;
    const isSame = isSaid && current.observedGeneration === observedGeneration;
    const isNominated = nominatedNodeName === undefined || pod.status?.nominatedNodeName === nominatedNodeName;
    if (isSame && isNominated) return;
    const lastTransitionTime = current?.status === 'False' ? current.lastTransitionTime : rfc3339(clock.now());
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      observedGeneration,
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime,
    };
    // The uid keeps the condition off a later pod of the same name.
    const nomination = nominatedNodeName === undefined ? {} : { nominatedNodeName };
    const body = { metadata: { uid: pod.metadata?.uid }, status: { conditions: [condition], ...nomination } };
    try {
      await client.patch(pods, nameOf(pod), { type: 'strategic', body }, { subresource: 'status' });
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict')) logger.warn('a pod could not be told why it waits', { error });
    }
  }
}
