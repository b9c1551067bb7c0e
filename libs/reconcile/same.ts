/** JSON with sorted keys and without what is null, undefined or an empty list: equal things give equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    const kept = Object.entries(inner).filter(
      ([, item]) => item !== null && !(Array.isArray(item) && item.length === 0),
    );
    return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export const same = (one: unknown, other: unknown): boolean => canonical(one) === canonical(other);
