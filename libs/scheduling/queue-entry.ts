import type { PodInfo } from './pod-info.ts';

export type QueueName = 'active' | 'backoff' | 'unschedulable';

/** A pod that waits for a node. */
export interface QueueEntry {
  readonly info: PodInfo;
  /** Arrival number; the order among equal priorities. */
  readonly arrival: number;
  /** When it was first queued, in monotonic milliseconds. */
  readonly addedMs: number;
  attempts: number;
  queue: QueueName | 'deciding';
  /** Pods with equal keys are alike to the scheduler. */
  classKey: string;
  /** Backoff: when it ends. Unschedulable: when it was put there. In monotonic milliseconds. */
  sinceMs: number;
}
