import type { V1Container } from '../api/gen/types.ts';
import type { BackoffStep, RestartBackoff } from './observed.ts';

/** A container that ends again and again waits 10 s, doubling to 5 min; 10 min of peace forget it. */
export const restartBackoffPolicy = { initialMs: 10_000, maxMs: 300_000, resetAfterMs: 600_000 };

function expired(backoff: BackoffStep, eventMs: number): boolean {
  return eventMs - backoff.atMs > restartBackoffPolicy.resetAfterMs;
}

/** What of a container, when changed, lets it start at once: it may well have been mended. Source: kubelet, GetBackoffKey. */
export function backoffKeyOf({ image, resources }: V1Container): string {
  return JSON.stringify([image, resources]);
}

/** The back-off that still holds for a container as it is now. */
export function backoffOf(
  notes: { backoff?: RestartBackoff } | undefined,
  container: V1Container,
): RestartBackoff | undefined {
  const backoff = notes?.backoff;
  return backoff?.key === backoffKeyOf(container) ? backoff : undefined;
}

/** When a container that ended at `finishedAtMs` may start again, and the delay that says so; undefined when at once. */
export function backoffUntil(
  backoff: BackoffStep | undefined,
  finishedAtMs: number,
): { delayMs: number; untilMs: number } | undefined {
  if (!backoff || expired(backoff, finishedAtMs)) return undefined;
  return { delayMs: backoff.delayMs, untilMs: finishedAtMs + backoff.delayMs };
}

/** The back-off that the next end of the container will meet. */
export function nextBackoff(backoff: BackoffStep | undefined, finishedAtMs: number, nowMs: number): BackoffStep {
  const fresh = !backoff || expired(backoff, finishedAtMs);
  const delayMs = fresh ? restartBackoffPolicy.initialMs : Math.min(backoff.delayMs * 2, restartBackoffPolicy.maxMs);
  return { delayMs, atMs: nowMs };
}

/** A delay as Go prints it, for messages: `10s`, `2m40s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
