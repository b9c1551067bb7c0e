import type { CoreV1Event } from '../../api/gen/types.ts';
import { events } from '../../api/kinds/event.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { unlessMissing } from '../../reconcile/retry.ts';

export const eventLifetimeMs = 3_600_000;
const sweepMs = 60_000;
const sweepKey = 'all';

/** Deletes events that have not happened again for their lifetime. One timer serves all of them. */
export function newEventExpiryController(context: ControllerContext, lifetimeMs = eventLifetimeMs): Controller {
  const { client, clock, informers } = context;
  const cache = informers.of(events);
  const sweep = async (): Promise<ReconcileResult> => {
    const oldestMs = clock.now() - lifetimeMs;
    for (const event of cache.list().filter((candidate) => lastSeenMs(candidate) < oldestMs)) {
      const preconditions = { resourceVersion: event.metadata.resourceVersion ?? '' };
      await unlessMissing(client.delete(events, nameOf(event), { preconditions })).catch((error) => {
        context.logger.debug('an event was not deleted', { key: objectKey(nameOf(event)), error });
      });
    }
    return cache.list().length > 0 ? { requeueAfterMs: Math.min(sweepMs, lifetimeMs) } : {};
  };
  const controller = new Controller(context, { name: 'event-expiry', caches: [cache], workers: 1, reconcile: sweep });
  cache.addHandler({ added: () => controller.enqueueAfter(sweepKey, Math.min(sweepMs, lifetimeMs)) });
  return controller;
}

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
