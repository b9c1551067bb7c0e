type Json = Readonly<Record<string, unknown>>;

/** Values that a server chooses, by the field they stand in. */
const chosenByServer: ReadonlyMap<string, string> = new Map([
  ['resourceVersion', '<rv>'],
  ['continue', '<continue>'],
  ['clusterIP', '<ip>'],
  ['clusterIPs', '<ip>'],
  ['nodePort', '<nodePort>'],
  ['healthCheckNodePort', '<healthCheckNodePort>'],
  ['remainingItemCount', '<remainingItemCount>'],
]);

/** What is replaced inside any text. */
const patterns: ReadonlyArray<readonly [RegExp, string]> = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '<uid>'],
  [/\b(gen-|kube-api-access-|Bad_)[\da-z]{5}\b/g, '$1<suffix>'],
  [/(resource version: \d+, current: )\d+/, '$1<rv>'],
];

/** And in cells of tables besides. */
const cellPatterns: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(?:\d+[smhdy])+$/, '<age>'],
  [/\b\d+\.\d+\.\d+\.\d+\b/g, '<ip>'],
  [/:3[0-2]\d{3}\//g, ':<nodePort>/'],
];

/** Reasons of a status whose line is as fixed as its code. */
const fixedLines = ['NotFound', 'AlreadyExists'];

function isProse(owner: Json, field: string, within: string): boolean {
  if (field === 'description') return within === 'columnDefinitions';
  if (field !== 'message') return false;
  if (within === 'causes' || within === 'conditions') return true;
  return owner.kind === 'Status' && !fixedLines.includes(owner.reason as string);
}

function text(value: string, namespace: string, field: string): string {
  const all = field === 'cells' ? [...patterns, ...cellPatterns] : patterns;
  return all.reduce((result, [pattern, put]) => result.replace(pattern, put), value.replaceAll(namespace, 'NS'));
}

/**
 * An answer as far as it can be compared with another run's: values that differ between any two runs, and words that
 * are for people only, become placeholders.
 */
export function withPlaceholders(value: unknown, namespace: string, field = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withPlaceholders(item, namespace, field));
  if (typeof value === 'object' && value !== null) {
    const owner = value as Json;
    const entries = Object.entries(owner).map(([name, inner]) => [
      name,
      inner && typeof inner === 'string' && isProse(owner, name, field)
        ? '<text>'
        : withPlaceholders(inner, namespace, name),
    ]);
    return Object.fromEntries(entries);
  }
  const chosen = chosenByServer.get(field);
  if (typeof value === 'number') return chosen ?? value;
  if (typeof value !== 'string') return value;
  return chosen !== undefined && value !== '' && value !== 'None' ? chosen : text(value, namespace, field);
}
