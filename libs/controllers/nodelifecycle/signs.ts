import type { V1Lease, V1Node } from '../../api/gen/types.ts';
import { signOf } from './compute.ts';

/** When the latest sign of life of each node was first seen, by the clock of this process. */
export class SignsOfLife {
  private readonly seen = new Map<string, { sign: string; atMs: number }>();

  /** Undefined where the node gives none. */
  seenMs(node: V1Node, lease: V1Lease | undefined, nowMs: number): number | undefined {
    const name = node.metadata?.name ?? '';
    const sign = signOf(node, lease);
    if (sign === undefined) return undefined;
    const known = this.seen.get(name);
    if (known?.sign === sign) return known.atMs;
    this.seen.set(name, { sign, atMs: nowMs });
    return nowMs;
  }

  forget(name: string): void {
    this.seen.delete(name);
  }
}
