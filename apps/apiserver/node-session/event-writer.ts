import type { CoreV1Event } from '../../../libs/api/gen/types.ts';
import { events } from '../../../libs/api/kinds/event.ts';
import { type BackoffPolicy, backoffMs } from '../../../libs/base/backoff.ts';
import { type Clock, sleep } from '../../../libs/base/clock.ts';
import type { Logger } from '../../../libs/base/log.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';

export interface EventWriterOptions {
  client: Client;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** Attempts to write one event while the store is away; it is advice, not state. */
const attemptsMax = 5;
const retryBackoff: BackoffPolicy = { initialMs: 100, maxMs: 5_000 };

/** Writes the events that agents record; one that is told again with a higher count replaces itself. */
export class EventWriter {
  constructor(private readonly options: EventWriterOptions) {}

  /** Calls `done` once nothing more will be done for the event. */
  write(event: CoreV1Event, done: () => void): void {
    void this.attempt(event).finally(done);
  }

  private async attempt(event: CoreV1Event): Promise<void> {
    const { clock, logger, signal } = this.options;
    for (let failures = 1; failures <= attemptsMax; failures++) {
      try {
        return await this.put(event);
      } catch (error) {
        // A namespace that is going away takes no more events.
        if (isStatus(error, 'NotFound', 'Forbidden', 'Invalid', 'BadRequest')) return;
        logger.warn('could not write an event', { error });
        await sleep(clock, backoffMs(retryBackoff, failures), signal).catch(() => {});
      }
    }
  }

  private async put(event: CoreV1Event): Promise<void> {
    const { client } = this.options;
    try {
      await client.create(events, event);
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
      const { count, lastTimestamp, message, series } = event;
      const at = { namespace: event.metadata?.namespace, name: event.metadata?.name ?? '' };
      const body = JSON.parse(JSON.stringify({ count, lastTimestamp, message, series })) as unknown;
      await client.patch(events, at, { type: 'merge', body });
    }
  }
}
