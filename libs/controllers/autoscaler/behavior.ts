import type { V2HorizontalPodAutoscaler, V2HPAScalingRules } from '../../api/gen/types.ts';

export const defaultDownscaleWindowMs = 300_000;

export interface Recommendation {
  replicas: number;
  atMs: number;
}

export interface ScaleEvent {
  change: number;
  atMs: number;
}

/** What an autoscaler has to remember between two looks. Lost with the process, as with Kubernetes' own. */
export interface History {
  recommendations: Recommendation[];
  scaleUps: ScaleEvent[];
  scaleDowns: ScaleEvent[];
}

export const emptyHistory = (): History => ({ recommendations: [], scaleUps: [], scaleDowns: [] });

export interface Verdict {
  replicas: number;
  ableReason: 'ReadyForNewScale' | 'ScaleDownStabilized' | 'ScaleUpStabilized';
  limited: boolean;
  limitedReason: 'DesiredWithinRange' | 'TooFewReplicas' | 'TooManyReplicas' | 'ScaleUpLimit' | 'ScaleDownLimit';
}

export interface Wish {
  autoscaler: V2HorizontalPodAutoscaler;
  current: number;
  desired: number;
  history: History;
  nowMs: number;
}

/** The size that may be taken now: the wish, held back by stabilisation windows, policies and bounds. */
export function applyBehavior(wish: Wish): Verdict {
  const stable = stabilize(wish);
  return { ...limit(wish, stable.replicas), ableReason: stable.ableReason };
}

function windowsOf({ autoscaler: { spec } }: Wish): { upMs: number; downMs: number } {
  const down = spec.behavior?.scaleDown?.stabilizationWindowSeconds;
  return {
    upMs: (spec.behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
    downMs: down === undefined ? defaultDownscaleWindowMs : down * 1000,
  };
}

/** The lowest recent recommendation bounds growth, the highest bounds shrinkage. */
function stabilize(wish: Wish): Pick<Verdict, 'replicas' | 'ableReason'> {
  const { current, desired, history, nowMs } = wish;
  const { upMs, downMs } = windowsOf(wish);
  const within = (windowMs: number) =>
    history.recommendations.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ replicas }) => replicas);
  const upTo = Math.min(desired, ...within(upMs));
  const downTo = Math.max(desired, ...within(downMs));
  const replicas = Math.min(Math.max(current, upTo), downTo);
  if (replicas === desired) return { replicas, ableReason: 'ReadyForNewScale' };
  return { replicas, ableReason: replicas < desired ? 'ScaleUpStabilized' : 'ScaleDownStabilized' };
}

function limit(wish: Wish, desired: number): Omit<Verdict, 'ableReason'> {
  const { autoscaler, current } = wish;
  const max = autoscaler.spec.maxReplicas;
  const min = autoscaler.spec.minReplicas ?? 1;
  if (desired > current) {
    const upTo = Math.max(current, growthLimit(wish));
    if (desired > Math.min(max, upTo)) {
      return upTo < max ? limited(upTo, 'ScaleUpLimit') : limited(max, 'TooManyReplicas');
    }
  } else if (desired < current) {
    const downTo = Math.min(current, shrinkLimit(wish));
    if (desired < Math.max(min, downTo)) {
      return downTo > min ? limited(downTo, 'ScaleDownLimit') : limited(min, 'TooFewReplicas');
    }
  }
  if (desired < min) return limited(min, 'TooFewReplicas');
  if (desired > max) return limited(max, 'TooManyReplicas');
  return { replicas: desired, limited: false, limitedReason: 'DesiredWithinRange' };
}

const limited = (replicas: number, limitedReason: Verdict['limitedReason']) => ({
  replicas,
  limited: true,
  limitedReason,
});

const growth: Arithmetic = {
  pods: (start, value) => start + value,
  percent: (start, value) => Math.ceil(start * (1 + value / 100)),
  most: Math.max,
  least: Math.min,
};

const shrinkage: Arithmetic = {
  pods: (start, value) => start - value,
  percent: (start, value) => Math.trunc(start * (1 - value / 100)),
  most: Math.min,
  least: Math.max,
};

interface Arithmetic {
  pods(start: number, value: number): number;
  percent(start: number, value: number): number;
  /** Picks the policy that changes most, or least. */
  most(...sizes: number[]): number;
  least(...sizes: number[]): number;
}

function growthLimit(wish: Wish): number {
  const { behavior } = wish.autoscaler.spec;
  // Without a behaviour of its own an autoscaler may double, and start from four.
  return behavior ? byPolicies(wish, behavior.scaleUp, growth) : Math.max(2 * wish.current, 4);
}

function shrinkLimit(wish: Wish): number {
  const { behavior } = wish.autoscaler.spec;
  return behavior ? byPolicies(wish, behavior.scaleDown, shrinkage) : 0;
}

function byPolicies(wish: Wish, rules: V2HPAScalingRules | undefined, arithmetic: Arithmetic): number {
  const { current, history, nowMs } = wish;
  if (rules?.selectPolicy === 'Disabled') return current;
  const sizes = (rules?.policies ?? []).map(({ type, value, periodSeconds }) => {
    const periodMs = periodSeconds * 1000;
    // The size at the period's start: a policy bounds the change over the whole period.
    const start = current - recent(history.scaleUps, periodMs, nowMs) + recent(history.scaleDowns, periodMs, nowMs);
    return type === 'Pods' ? arithmetic.pods(start, value) : arithmetic.percent(start, value);
  });
  if (sizes.length === 0) return current;
  return rules?.selectPolicy === 'Min' ? arithmetic.least(...sizes) : arithmetic.most(...sizes);
}

/** Replicas added, or removed, within the period. */
function recent(events: readonly ScaleEvent[], periodMs: number, nowMs: number): number {
  return events.filter(({ atMs }) => atMs > nowMs - periodMs).reduce((sum, { change }) => sum + change, 0);
}

/** The history with one more look at it; what no window reaches any more is dropped. */
export function remember(
  history: History,
  look: { desired: number; from: number; to: number; nowMs: number },
): History {
  const { desired, from, to, nowMs } = look;
  const keep = <T extends { atMs: number }>(entries: readonly T[]) =>
    entries.filter(({ atMs }) => atMs > nowMs - longestWindowMs);
  const change = { change: Math.abs(to - from), atMs: nowMs };
  return {
    recommendations: [...keep(history.recommendations), { replicas: desired, atMs: nowMs }],
    scaleUps: to > from ? [...keep(history.scaleUps), change] : keep(history.scaleUps),
    scaleDowns: to < from ? [...keep(history.scaleDowns), change] : keep(history.scaleDowns),
  };
}

/** No window or period may be longer: the API's own bound. */
export const longestWindowMs = 3_600_000;
