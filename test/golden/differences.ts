export interface Difference {
  at: string;
  want: unknown;
  got: unknown;
}

function isParent(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Where two JSON values differ. */
export function differences(want: unknown, got: unknown, at = ''): Difference[] {
  if (want === got) return [];
  if (!isParent(want) || !isParent(got) || Array.isArray(want) !== Array.isArray(got)) return [{ at, want, got }];
  const names = new Set([...Object.keys(want), ...Object.keys(got)]);
  return [...names].flatMap((name) => differences(want[name], got[name], `${at}.${name}`));
}
