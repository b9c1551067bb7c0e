const reserved = new Set([
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import'],
  ...['let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
]);

const sequences: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** The name by which expressions know a property; undefined for properties that they cannot name. */
export function escapedName(property: string): string | undefined {
  if (reserved.has(property)) return `__${property}__`;
  const escaped = property.replace(/__|[./-]/g, (found) => sequences[found] ?? '');
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}

/** The property that a name in an expression stands for. */
export function propertyOf(name: string): string {
  const word = /^__(\w+)__$/.exec(name)?.[1];
  if (word !== undefined && reserved.has(word)) return word;
  return name.replace(/__(underscores|dot|dash|slash)__/g, (found) => {
    return Object.entries(sequences).find(([, sequence]) => sequence === found)?.[0] ?? found;
  });
}
