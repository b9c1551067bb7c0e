/** A field of the configuration that is unknown or has a wrong value; the message names it by its path. */
export class ConfigurationError extends Error {
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'ConfigurationError';
  }
}

/** Reads a mapping field by field; what nobody has asked for in the end is unknown. */
export class Fields {
  private readonly asked = new Set<string>();
  private readonly values: Readonly<Record<string, unknown>>;
  readonly path: string;

  /** @throws ConfigurationError */
  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ConfigurationError(path || 'configuration', 'must be a mapping');
    }
    this.values = value as Record<string, unknown>;
    this.path = path;
  }

  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  raw(name: string): unknown {
    this.asked.add(name);
    const value = this.values[name];
    return value === null ? undefined : value;
  }

  fail(name: string, problem: string): never {
    throw new ConfigurationError(this.at(name), problem);
  }

  string(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    return typeof value === 'string' ? value : this.fail(name, 'must be a string');
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    return typeof value === 'boolean' ? value : this.fail(name, 'must be true or false');
  }

  whole(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      this.fail(name, `invalid value ${JSON.stringify(value)}: must be a whole number from ${min} to ${max}`);
    }
    return value as number;
  }

  /** One of some words. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!choices.includes(value as T)) {
      this.fail(name, `unknown value ${JSON.stringify(value)}: must be one of ${choices.join(', ')}`);
    }
    return value as T;
  }

  /** The parts of a list; none when it is absent. */
  list<T>(name: string, read: (fields: Fields) => T): T[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) this.fail(name, 'must be a list');
    return (value as unknown[]).map((each, at) => {
      const fields = new Fields(each, `${this.at(name)}[${at}]`);
      const result = read(fields);
      fields.end();
      return result;
    });
  }

  /** A mapping within this one. */
  mapping<T>(name: string, read: (fields: Fields) => T): T | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const fields = new Fields(value, this.at(name));
    const result = read(fields);
    fields.end();
    return result;
  }

  /** @throws ConfigurationError for a field that nobody has asked for. */
  end(): void {
    for (const name of Object.keys(this.values)) if (!this.asked.has(name)) this.fail(name, 'unknown field');
  }
}
