/** A place in a body: names of fields and map keys, numbers of list items. */
export type Path = ReadonlyArray<string | number>;

/** `spec.containers[0].image`; map keys that are no plain words are put in brackets too. */
export function writePath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** A body that cannot be read. `path` is the place, empty where it is the body as a whole. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly path: string;

  constructor(path: Path, message: string) {
    const at = writePath(path);
    super(at === '' ? message : `${at}: ${message}`);
    this.path = at;
  }
}

/** What a JSON value is, in words. */
export function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' ? `the number ${value}` : `the text ${JSON.stringify(String(value).slice(0, 60))}`;
}
