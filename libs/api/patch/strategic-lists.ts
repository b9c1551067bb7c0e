import { isMembers } from './json-value.ts';

/** How two items of a list are told to be the same: by a key of theirs, or scalars by themselves. */
export function sameItem(a: unknown, b: unknown, mergeKey: string): boolean {
  if (mergeKey === '') return a === b;
  return isMembers(a) && isMembers(b) && a[mergeKey] === b[mergeKey];
}

function placeIn(list: readonly unknown[], item: unknown, mergeKey: string): number {
  return list.findIndex((other) => sameItem(other, item, mergeKey));
}

/** Items known to `order` in that order; the rest stay where they fall. */
function sortedBy(items: readonly unknown[], order: readonly unknown[], mergeKey: string): unknown[] {
  const known = items.filter((item) => placeIn(order, item, mergeKey) >= 0);
  const sorted = [...known].sort((a, b) => placeIn(order, a, mergeKey) - placeIn(order, b, mergeKey));
  return items.map((item) => (placeIn(order, item, mergeKey) >= 0 ? sorted.shift() : item));
}

/**
 * The order of a merged list: items of the patch in the patch's order, items that only the server has woven in where
 * the server's list had them before an item of the patch.
 */
export function inMergedOrder(
  merged: readonly unknown[],
  orders: { patch: readonly unknown[]; server: readonly unknown[]; mergeKey: string },
): unknown[] {
  const { patch, server, mergeKey } = orders;
  const ofPatch = (item: unknown) => placeIn(patch, item, mergeKey) >= 0;
  const right = sortedBy(merged.filter(ofPatch), patch, mergeKey);
  const left = sortedBy(
    merged.filter((item) => !ofPatch(item)),
    server,
    mergeKey,
  );
  const woven: unknown[] = [];
  while (left.length > 0 && right.length > 0) {
    const leftPlace = placeIn(server, left[0], mergeKey);
    const rightPlace = placeIn(server, right[0], mergeKey);
    const leftFirst = leftPlace >= 0 && rightPlace >= 0 && leftPlace < rightPlace;
    woven.push((leftFirst ? left : right).shift());
  }
  return [...woven, ...left, ...right];
}
