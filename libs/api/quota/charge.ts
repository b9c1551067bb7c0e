import type { V1ResourceQuota } from '../gen/types.ts';
import { type Amounts, above, amountsOf, growth, listOf, only, sum, textOf } from './amounts.ts';
import type { Change, Measure } from './measure.ts';

/** What a write does to the quotas of its namespace. */
export interface Charge {
  /** Quotas with their new status, those that change only. */
  readonly charged: readonly V1ResourceQuota[];
  /** Why the write must be refused. */
  readonly refusal?: string;
}

/** Whether the quota bounds the object in any way. */
export function bounds(quota: V1ResourceQuota, measure: Measure, { object }: Change): boolean {
  return Object.keys(quota.status?.hard ?? {}).some(measure.counts) && measure.inScopes(quota.spec, object);
}

/** Counts a write against each quota that bounds it. All of them take it, or none. */
export function charge(
  quotas: readonly V1ResourceQuota[],
  { measure, change, nowMs }: { measure: Measure; change: Change; nowMs: number },
): Charge {
  const concerned = quotas.filter((quota) => bounds(quota, measure, change));
  if (concerned.length === 0) return { charged: [] };
  for (const quota of concerned) {
    const refusal = unfit(quota, measure, change);
    if (refusal) return { charged: [], refusal };
  }
  const usage = measure.usage(change.object, nowMs);
  const negative = [...usage].filter(([, amount]) => amount.digits < 0n).map(([name]) => name);
  if (negative.length > 0) {
    return { charged: [], refusal: `quota usage is negative for resource(s): ${negative.sort().join(',')}` };
  }
  const charged: V1ResourceQuota[] = [];
  for (const quota of concerned) {
    const wanted = wantedOf(quota, usage, { measure, change, nowMs });
    if (wanted.size === 0) continue;
    const refusal = exceeded(quota, wanted, change);
    if (refusal) return { charged: [], refusal };
    const used = listOf(sum(amountsOf(quota.status?.used), wanted));
    charged.push({ ...quota, status: { ...quota.status, used } });
  }
  return { charged };
}

function unfit(quota: V1ResourceQuota, measure: Measure, { object }: Change): string | undefined {
  const name = quota.metadata?.name;
  const bounded = Object.keys(quota.status?.hard ?? {}).filter(measure.counts);
  const lacks = measure.lacks?.(object, bounded);
  if (lacks) return `failed quota: ${name}: ${lacks}`;
  const unknown = bounded.some((resource) => quota.status?.used?.[resource] === undefined);
  return unknown ? `status unknown for quota: ${name}, resources: ${bounded.sort().join(',')}` : undefined;
}

/** What the write adds to this quota; an object that the quota did not count before counts in full. */
function wantedOf(
  quota: V1ResourceQuota,
  usage: Amounts,
  { measure, change, nowMs }: { measure: Measure; change: Change; nowMs: number },
): Amounts {
  const { previous } = change;
  const counted = previous !== undefined && bounds(quota, measure, { object: previous });
  const added = counted ? growth(usage, measure.usage(previous, nowMs)) : usage;
  return only(added, (name, amount) => amount.digits !== 0n && quota.status?.hard?.[name] !== undefined);
}

function exceeded({ metadata, status }: V1ResourceQuota, wanted: Amounts, change: Change): string | undefined {
  if (change.subresource === 'status') return undefined;
  const used = amountsOf(status?.used);
  const hard = amountsOf(status?.hard);
  const future = only(sum(used, wanted), (name) => wanted.has(name));
  const over = above(future, hard);
  if (over.size === 0) return undefined;
  const shown = (amounts: Amounts) => textOf(only(amounts, (name) => over.has(name)));
  const parts = [`requested: ${shown(wanted)}`, `used: ${shown(used)}`, `limited: ${shown(hard)}`];
  return `exceeded quota: ${metadata?.name}, ${parts.join(', ')}`;
}
