import type { V1ResourceQuota, V1ResourceQuotaStatus } from '../../api/gen/types.ts';
import type { KubeObject, Resource } from '../../api/meta.ts';
import { addTo, amountsOf, count, listOf, only, sameAmounts } from '../../api/quota/amounts.ts';
import { measureOf } from '../../api/quota/measure.ts';

/** All objects of one resource in the quota's namespace. */
export interface Content {
  resource: Pick<Resource, 'group' | 'plural'>;
  objects: readonly KubeObject[];
}

/** The bounds that are asked for and what counts against them; undefined when the status says so already. */
export function computeStatus(
  quota: V1ResourceQuota,
  contents: readonly Content[],
  nowMs: number,
): V1ResourceQuotaStatus | undefined {
  const { spec, status } = quota;
  const hard = amountsOf(spec?.hard);
  const names = [...hard.keys()];
  // What nothing here can count keeps the use that somebody else has noted.
  const used = only(amountsOf(status?.used), (name) => hard.has(name));
  for (const { resource, objects } of contents) {
    const measure = measureOf(resource);
    const bounded = new Set(names.filter(measure.counts));
    const total = new Map([...bounded].map((name) => [name, count(0)]));
    for (const object of objects) {
      if (!measure.inScopes(spec, object)) continue;
      addTo(
        total,
        only(measure.usage(object, nowMs), (name) => bounded.has(name)),
      );
    }
    for (const [name, amount] of total) used.set(name, amount);
  }
  const settled =
    status?.hard !== undefined &&
    status.used !== undefined &&
    sameAmounts(amountsOf(status.hard), hard) &&
    sameAmounts(amountsOf(status.used), used);
  return settled ? undefined : { hard: listOf(hard), used: listOf(used) };
}
