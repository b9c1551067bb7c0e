/** Exponential delays: `initialMs`, doubled at each failure, never above `maxMs`. */
export interface BackoffPolicy {
  initialMs: number;
  maxMs: number;
  /** Growth per failure; 2 when absent. */
  factor?: number;
}

/** The delay in milliseconds before attempt number `failures + 1`; 0 when nothing has failed yet. */
export function backoffMs(policy: BackoffPolicy, failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(policy.maxMs, policy.initialMs * (policy.factor ?? 2) ** (failures - 1));
}
