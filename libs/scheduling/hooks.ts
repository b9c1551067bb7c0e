import type { Refusal } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/** What a permit hook says of a pod that has been given a node. */
export type Verdict =
  | { kind: 'allow' }
  /** The pod keeps its node and waits until another one of its group is allowed, or the time is over. */
  | { kind: 'wait'; group: string; timeoutMs: number }
  | { kind: 'deny'; message: string };

export const allowed: Verdict = { kind: 'allow' };

/**
 * Steps between the choice of a node and its binding, in this order: reserve, permit, prepare. Hooks are asked one after
 * another; when one refuses, those that have reserved give it back in reverse.
 */
export interface SchedulingHook {
  readonly name: string;
  /** Takes for the pod what it needs besides the node's resources. A refusal sends the pod back to wait. */
  reserve?(info: PodInfo, nodeName: string): Refusal | undefined;
  /** Gives back what `reserve` took; called as well when the binding has failed. */
  unreserve?(info: PodInfo): void;
  permit?(info: PodInfo, nodeName: string): Verdict;
  /** I/O that must be done before the binding; a rejection unreserves. Undefined when there is nothing to do. */
  prepare?(info: PodInfo, nodeName: string): Promise<void> | undefined;
}
