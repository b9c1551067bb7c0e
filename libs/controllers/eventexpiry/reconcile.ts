import type { CoreV1Event } from '../../api/gen/types.ts';
import { events } from '../../api/kinds/event.ts';
import { type KubeObject, parseObjectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { unlessMissing } from '../../reconcile/retry.ts';

export const eventLifetimeMs = 3_600_000;
const sweepMs = 60_000;
const sweepKey = 'all';

/**
 * Deletes events that have not happened again for their lifetime. One timer serves all of them. Events come in great
 * numbers, so no more is kept of each than its key and a time, in milliseconds since the epoch, before which it has
 * certainly been seen; who seems old is read before it is judged.
 */
export function newEventExpiryController(context: ControllerContext, lifetimeMs = eventLifetimeMs): Controller {
  const { client, clock, informers } = context;
  const seenMs = new Map<string, number>();
  const periodMs = Math.min(sweepMs, lifetimeMs);
  const see = (key: string, ms: number) => {
    if (seenMs.size === 0) controller.enqueueAfter(sweepKey, periodMs);
    seenMs.set(key, ms);
  };

  const judge = async (key: string, oldestMs: number): Promise<void> => {
    const at = parseObjectKey(key);
    const event = await unlessMissing(client.get(events, at));
    if (!event) return;
    const lastMs = lastSeenMs(event);
    if (lastMs >= oldestMs) {
      if (seenMs.has(key)) seenMs.set(key, lastMs);
      return;
    }
    const preconditions = { resourceVersion: event.metadata.resourceVersion ?? '' };
    await unlessMissing(client.delete(events, at, { preconditions }));
  };

  const sweep = async (): Promise<ReconcileResult> => {
    const oldestMs = clock.now() - lifetimeMs;
    for (const [key] of [...seenMs].filter(([, ms]) => ms < oldestMs)) {
      await judge(key, oldestMs).catch((error) => context.logger.debug('an event was not deleted', { key, error }));
    }
    return seenMs.size > 0 ? { requeueAfterMs: periodMs } : {};
  };

  const cache = informers.reflectMetadata(events, {
    replace(objects) {
      for (const key of seenMs.keys()) if (!objects.has(key)) seenMs.delete(key);
      for (const [key, event] of objects) if (!seenMs.has(key)) see(key, createdMs(event));
    },
    // Whatever it says of itself, it was written now.
    put: (key) => see(key, clock.now()),
    remove: (key) => seenMs.delete(key),
  });
  const controller = new Controller(context, { name: 'event-expiry', caches: [cache], workers: 1, reconcile: sweep });
  return controller;
}

function createdMs({ metadata }: KubeObject): number {
  const ms = Date.parse(metadata?.creationTimestamp ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}

/** Without any time it never expires. */
function lastSeenMs(event: CoreV1Event): number {
  const times = [
    event.series?.lastObservedTime,
    event.lastTimestamp,
    event.eventTime,
    event.metadata.creationTimestamp,
  ];
  const last = times.find((time) => time !== undefined && time !== null);
  const ms = Date.parse(last ?? '');
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}
