import type { V1Secret } from '../../libs/api/gen/types.ts';
import { secrets } from '../../libs/api/kinds/secret.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Client } from '../../libs/client/client.ts';
import type { InitialObject } from './initial-objects.ts';

const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
const dayMs = 86_400_000;
/** A note that was refused or lost is not tried again within this time, however often the token is shown. */
const failedNoteWaitMs = 60_000;

/** UTC, as `2026-01-31`. */
function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export interface SecretUseParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Labels secrets with the day on which their token was last used, once a day, so that unused ones can be told. */
export class SecretUseNotes {
  private readonly underWay = new Set<string>();
  /** When, of `clock.monotonic`, a note that has failed may be tried again, by the secret's uid. */
  private readonly waiting = new Map<string, number>();

  constructor(private readonly parts: SecretUseParts) {}

  /** Returns at once; whoever shows a token does not wait for the note. */
  note({ metadata }: V1Secret): void {
    const { client, clock, logger } = this.parts;
    const { namespace, name = '', uid = '', labels } = metadata ?? {};
    const now = clock.now();
    const today = dayOf(now);
    // Another server's clock may be ahead.
    const isNoted = [today, dayOf(now + dayMs)].includes(labels?.[lastUsedLabel] ?? '');
    if (isNoted || this.underWay.has(uid) || this.waits(uid)) return;
    this.underWay.add(uid);
    const body = { metadata: { uid, labels: { [lastUsedLabel]: today } } };
    client
      .patch(secrets, { namespace, name }, { type: 'merge', body })
      .catch((error: unknown) => {
        this.waiting.set(uid, clock.monotonic() + failedNoteWaitMs);
        logger.warn('could not note the use of a token', { name, error });
      })
      .finally(() => this.underWay.delete(uid));
  }

  /** Those whose time has come are forgotten, so that only what failed lately is held. */
  private waits(uid: string): boolean {
    const now = this.parts.clock.monotonic();
    for (const [one, until] of this.waiting) {
      if (until > now) break;
      this.waiting.delete(one);
    }
    return this.waiting.has(uid);
  }
}

/** Says since when uses are noted: secrets without a note may have been used before. */
export function useNotedSince(nowMs: number): InitialObject {
  const metadata = { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' };
  const object = { metadata, data: { since: dayOf(nowMs) } };
  return { group: '', version: 'v1', plural: 'configmaps', object, isKept: true };
}
