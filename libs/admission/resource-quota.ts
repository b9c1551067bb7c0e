import type { V1ResourceQuota } from '../api/gen/types.ts';
import { type ObjectMeta, objectKey } from '../api/meta.ts';
import { bounds, charge } from '../api/quota/charge.ts';
import { type Measure, measureOf } from '../api/quota/measure.ts';
import type { Clock } from '../base/clock.ts';
import type { Collection } from '../cache/collection.ts';
import { type Document, storedValue } from '../cache/document.ts';
import { collectionPrefix } from '../cache/keys.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { forbidden } from '../registry/errors.ts';
import type { QuotaHold, Quotas, QuotaWrite } from '../registry/quotas.ts';
import { GuardFailedError } from '../store/store.ts';
import { Turns } from './turns.ts';

const prefix = collectionPrefix('', 'resourcequotas');

/**
 * Counts writes against the ResourceQuotas of their namespace. The new use is written to the quota's status in the
 * transaction that writes the object and guarded by the quota's revision, so that use and objects never disagree,
 * however many servers write. Within one server writes of a namespace take turns, so that they do not race each other.
 */
export class ResourceQuotas implements Quotas {
  private readonly quotas: Collection;
  private readonly turns = new Turns();

  constructor(
    private readonly mirror: StoreMirror,
    private readonly clock: Clock,
  ) {
    this.quotas = mirror.collection('', 'resourcequotas');
  }

  hold(write: QuotaWrite): Promise<QuotaHold> | undefined {
    const namespace = write.object.metadata?.namespace;
    if (namespace === undefined || this.quotas.count({ namespace }) === 0) return undefined;
    const { definition, previous, object, subresource } = write;
    const measure = measureOf(definition);
    if (previous && !measure.mayGrow?.({ object, previous, subresource })) return undefined;
    if (!this.of(namespace).some((document) => bounds(quotaOf(document), measure, write))) return undefined;
    return this.turns.take(namespace).then((release) => this.turnOf(write, { namespace, measure, release }));
  }

  private turnOf(
    write: QuotaWrite,
    { namespace, measure, release }: { namespace: string; measure: Measure; release: () => void },
  ): QuotaHold {
    const { definition, object } = write;
    const count = () => {
      const documents = this.of(namespace);
      const counted = charge(documents.map(quotaOf), { measure, change: write, nowMs: this.clock.now() });
      return { documents, ...counted };
    };
    return {
      charge: async () => {
        let counted = count();
        if (counted.refusal !== undefined) {
          // Another server may have made room meanwhile.
          await this.mirror.current();
          counted = count();
        }
        if (counted.refusal !== undefined) throw forbidden(definition, nameIn(object.metadata), counted.refusal);
        const revisions = new Map(counted.documents.map((document) => [keyOf(quotaOf(document)), document.revision]));
        const keys = counted.charged.map((quota) => ({ quota, key: keyOf(quota) }));
        return {
          guards: keys.map(({ key }) => ({ key, revision: revisions.get(key) ?? 0 })),
          writes: keys.map(({ key, quota }) => ({ key, value: storedValue(quota) })),
        };
      },
      outdated: async (error) => {
        if (!(error instanceof GuardFailedError)) return false;
        if (!error.current.every(({ key }) => key.startsWith(prefix))) return false;
        await this.mirror.catchUp();
        return true;
      },
      release,
    };
  }

  private of(namespace: string): Document[] {
    return Array.from(this.quotas.list({ namespace }), ([, document]) => document);
  }
}

function quotaOf(document: Document): V1ResourceQuota {
  return document.object as V1ResourceQuota;
}

function keyOf({ metadata }: V1ResourceQuota): string {
  return prefix + objectKey({ namespace: metadata?.namespace, name: metadata?.name ?? '' });
}

function nameIn(metadata: ObjectMeta | undefined): string {
  return metadata?.name ?? metadata?.generateName ?? '';
}
