import type { V1Probe } from '../api/gen/types.ts';

/** What one attempt of a probe found. `unknown` counts neither way. */
export type ProbeOutcome = 'success' | 'failure' | 'unknown';

export interface ProbeState {
  /** How often in a row the last outcome has been seen. */
  streak: number;
  last: ProbeOutcome | undefined;
  /** What counts now, after thresholds; undefined until one has been met. */
  verdict: 'success' | 'failure' | undefined;
}

export const freshProbe: ProbeState = { streak: 0, last: undefined, verdict: undefined };

/** A probe's timing with its defaults, in milliseconds. */
export function probeTiming(probe: V1Probe) {
  return {
    delayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1000,
  };
}

/** The state after one more attempt: a verdict changes when its threshold has been met in a row. */
export function afterAttempt(probe: V1Probe, state: ProbeState, outcome: ProbeOutcome): ProbeState {
  if (outcome === 'unknown') return state;
  const streak = state.last === outcome ? state.streak + 1 : 1;
  const threshold = outcome === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { streak, last: outcome, verdict: streak >= threshold ? outcome : state.verdict };
}
