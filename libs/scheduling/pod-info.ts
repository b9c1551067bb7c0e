import type { V1Pod } from '../api/gen/types.ts';
import type { Gang } from './gang.ts';
import type { LabelClass } from './label-classes.ts';
import type { PodAffinity } from './pod-affinity.ts';
import type { Spread } from './spread-constraints.ts';

/** Amounts by the table's columns; the one pod that a pod is is not among them. */
export interface Requests {
  readonly columns: readonly number[];
  readonly amounts: readonly number[];
  readonly scoredCpu: number;
  readonly scoredMemory: number;
}

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/**
 * All of a pod that placement depends on, apart from its labels. Pods of one template share one shape, so that it is
 * read once. `pod` is any one of them: plugins read of it only what `shapeKey` holds.
 */
export interface PodShape {
  readonly key: string;
  /** As good as the key, and short. */
  readonly id: number;
  readonly pod: V1Pod;
  readonly namespace: string;
  /** The only node that will do; '' for any. */
  readonly nodeName: string;
  readonly requests: Requests;
  readonly hostPorts: readonly HostPort[];
  readonly affinity: PodAffinity;
  readonly spread: Spread;
  /** Claims that the pod uses, as `namespace/name`. */
  readonly claims: readonly string[];
}

/** A pod as the scheduler sees it. */
export interface PodInfo {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly priority: number;
  /** The newest state known; only what placement does not rest on may differ from that which was read. */
  pod: V1Pod;
  readonly shape: PodShape;
  /** Replaced by `Cluster.relabel`. */
  labels: LabelClass;
  /** Breaks ties between equal nodes. */
  readonly seed: number;
  /** The group that it is placed with; absent for most. */
  readonly gang?: Gang;
}

/**
 * Of two pods with one priority the one that started first is the more important; those that have not started come last.
 * To be compared as text.
 */
export function startOf({ pod }: PodInfo): string {
  return pod.status?.startTime ?? `not yet ${pod.metadata?.creationTimestamp ?? ''}`;
}

/** Compares `startOf` of two pods, without making the texts. */
export function compareStart({ pod: one }: PodInfo, { pod: other }: PodInfo): number {
  // What clients write as null is kept as null, and says as little.
  const [first, second] = [one.status?.startTime ?? undefined, other.status?.startTime ?? undefined];
  if (first === undefined && second === undefined) {
    return compareTexts(one.metadata?.creationTimestamp ?? '', other.metadata?.creationTimestamp ?? '');
  }
  if (first === undefined || second === undefined) return first === undefined ? 1 : -1;
  return compareTexts(first, second);
}

const compareTexts = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** A pod that occupies a node. */
export interface PlacedPod {
  /** The pod's uid; for a reservation `nominated/` and the uid. */
  readonly key: string;
  readonly info: PodInfo;
  readonly slot: number;
  readonly requests: Requests;
  /** A pod on its way out holds its resources and keeps others near or away, but no longer counts for spreading. */
  readonly isLeaving: boolean;
  /** Holds the room that is being made for a pod whose victims have not left yet. */
  readonly isReservation: boolean;
}
