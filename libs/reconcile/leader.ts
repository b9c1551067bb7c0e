import type { V1Lease } from '../api/gen/types.ts';
import { leases } from '../api/kinds/lease.ts';
import type { ObjectName } from '../api/meta.ts';
import { type Clock, rfc3339Micro, sleep } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Client } from '../client/client.ts';
import { unlessMissing } from './retry.ts';

export const leaseDurationMs = 15_000;
export const renewDeadlineMs = 10_000;
export const retryPeriodMs = 2_000;
const retryJitter = 0.2;

export interface LeaderOptions {
  client: Client;
  clock: Clock;
  random: Random;
  lease: ObjectName;
  /** Names this candidate; must differ from every other's. */
  identity: string;
  logger?: Logger;
}

/** What was seen of another's lease, and when: its own times are of another clock. */
interface Observed {
  fingerprint: string;
  atMs: number;
}

/**
 * Leader election by a Lease. A candidate takes the lease when it is free or has not changed for its whole duration,
 * as seen on the candidate's own monotonic clock, so that clocks need not agree.
 */
export class LeaderElection {
  readonly #options: LeaderOptions;
  readonly #logger: Logger;
  #observed: Observed = { fingerprint: '', atMs: 0 };

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /**
   * Waits for the lease, runs `lead`, and renews while it runs. Its signal aborts when the lease is lost or `signal`
   * aborts. Returns when `lead` has ended; gives the lease back when it is still held.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, identity } = this.#options;
    while (!(await this.#tryOrFail())) await sleep(clock, this.#pauseMs(), signal);
    this.#logger.info('became the leader', { identity });
    const leading = new AbortController();
    const stop = () => leading.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const renewing = this.#renewUntil(leading);
    try {
      await lead(leading.signal);
    } finally {
      leading.abort();
      signal.removeEventListener('abort', stop);
      await renewing;
      await this.#release();
    }
  }

  async #renewUntil(leading: AbortController): Promise<void> {
    const { clock } = this.#options;
    let renewedAtMs = clock.monotonic();
    while (!leading.signal.aborted) {
      await sleep(clock, this.#pauseMs(), leading.signal).catch(() => {});
      if (leading.signal.aborted) return;
      if (await this.#tryOrFail()) renewedAtMs = clock.monotonic();
      else if (clock.monotonic() - renewedAtMs > renewDeadlineMs) {
        this.#logger.error('lost the lease');
        leading.abort(new Error('the lease was lost'));
      }
    }
  }

  #pauseMs(): number {
    return retryPeriodMs * (1 + retryJitter * this.#options.random.next());
  }

  async #tryOrFail(): Promise<boolean> {
    try {
      return await this.#tryAcquire();
    } catch (error) {
      this.#logger.debug('could not write the lease', { error });
      return false;
    }
  }

  async #tryAcquire(): Promise<boolean> {
    const { client, clock, identity, lease } = this.#options;
    const now = rfc3339Micro(clock.now());
    const current = await unlessMissing(client.get(leases, lease));
    if (!current) {
      await client.create(leases, this.#leaseOf({ metadata: { ...lease } }, now, 0));
      return true;
    }
    const spec = current.spec ?? {};
    const fingerprint = `${spec.holderIdentity}|${spec.renewTime}|${spec.leaseTransitions}`;
    if (fingerprint !== this.#observed.fingerprint) this.#observed = { fingerprint, atMs: clock.monotonic() };
    const mine = spec.holderIdentity === identity;
    const durationMs = (spec.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
    const expired = clock.monotonic() - this.#observed.atMs > durationMs;
    if (!mine && spec.holderIdentity && !expired) return false;
    const transitions = (spec.leaseTransitions ?? 0) + (mine ? 0 : 1);
    await client.update(leases, this.#leaseOf(current, now, transitions));
    return true;
  }

  #leaseOf(base: V1Lease, now: string, leaseTransitions: number): V1Lease {
    const { identity } = this.#options;
    const kept = base.spec?.holderIdentity === identity ? base.spec.acquireTime : undefined;
    return {
      ...base,
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: leaseDurationMs / 1000,
        acquireTime: kept ?? now,
        renewTime: now,
        leaseTransitions,
      },
    };
  }

  async #release(): Promise<void> {
    const { client, identity, lease } = this.#options;
    try {
      const current = await client.get(leases, lease);
      if (current.spec?.holderIdentity !== identity) return;
      await client.update(leases, {
        ...current,
        spec: { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1 },
      });
    } catch (error) {
      this.#logger.debug('could not give the lease back', { error });
    }
  }
}
