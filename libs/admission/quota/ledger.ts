import type { V1ResourceQuota } from '../../api/gen/types.ts';
import { objectKey } from '../../api/meta.ts';
import { bounds, charge } from '../../api/quota/charge.ts';
import { measureOf } from '../../api/quota/measure.ts';
import type { Clock } from '../../base/clock.ts';
import type { StatusError } from '../../base/status.ts';
import type { Collection } from '../../cache/collection.ts';
import { collectionPrefix } from '../../cache/keys.ts';
import type { StoreMirror } from '../../cache/mirror.ts';
import { storedValue } from '../../cache/stored-value.ts';
import { forbidden } from '../../registry/errors.ts';
import type { QuotaWrite } from '../../registry/quotas.ts';
import type { Guard, Write } from '../../store/store.ts';

const prefix = collectionPrefix('', 'resourcequotas');

/** What some writes together do to the quotas of their namespace. */
export interface Account {
  /** For each write why it is refused; undefined where it is not. */
  readonly refusals: ReadonlyArray<StatusError | undefined>;
  /** What the writes that are not refused add, for their transaction. */
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
}

export function isQuotaKey(key: string): boolean {
  return key.startsWith(prefix);
}

/** Counts writes against quotas as the mirror shows them. */
export class QuotaLedger {
  private readonly quotas: Collection;

  constructor(
    mirror: StoreMirror,
    private readonly clock: Clock,
  ) {
    this.quotas = mirror.collection('', 'resourcequotas');
  }

  quotasIn(namespace: string): number {
    return this.quotas.count({ namespace });
  }

  /** The write's namespace if a quota there bounds it; answers at once where there is none. */
  boundingNamespace(write: QuotaWrite): string | undefined {
    const { definition, object, previous, subresource } = write;
    const namespace = object.metadata?.namespace;
    if (namespace === undefined || this.quotas.count({ namespace }) === 0) return undefined;
    const measure = measureOf(definition);
    if (previous && !measure.mayGrow?.({ object, previous, subresource })) return undefined;
    for (const { quota } of this.of(namespace)) if (bounds(quota, measure, write)) return namespace;
    return undefined;
  }

  /** One write after the other: what the first takes is missing for the second. */
  count(namespace: string, writes: readonly QuotaWrite[]): Account {
    const current = this.of(namespace);
    const standing = new Map(current.map(({ quota, revision }) => [keyOf(quota), { quota, revision, changed: false }]));
    const nowMs = this.clock.now();
    const refusals = writes.map((write) => {
      const quotas = Array.from(standing.values(), ({ quota }) => quota);
      const { charged, refusal } = charge(quotas, { measure: measureOf(write.definition), change: write, nowMs });
      const { name, generateName = '' } = write.object.metadata ?? {};
      if (refusal !== undefined) return forbidden(write.definition, name ?? generateName, refusal);
      for (const quota of charged) {
        const key = keyOf(quota);
        standing.set(key, { quota, revision: standing.get(key)?.revision ?? 0, changed: true });
      }
      return undefined;
    });
    const changed = [...standing].filter(([, one]) => one.changed);
    return {
      refusals,
      guards: changed.map(([key, { revision }]) => ({ key, revision })),
      writes: changed.map(([key, { quota }]) => ({ key, value: storedValue(quota) })),
    };
  }

  private of(namespace: string): Array<{ quota: V1ResourceQuota; revision: number }> {
    const documents = this.quotas.list({ namespace });
    return Array.from(documents, ([, { object, revision }]) => ({ quota: object as V1ResourceQuota, revision }));
  }
}

function keyOf({ metadata }: V1ResourceQuota): string {
  return prefix + objectKey({ namespace: metadata?.namespace, name: metadata?.name ?? '' });
}
