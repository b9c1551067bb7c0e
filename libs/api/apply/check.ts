import { kindOfValue } from '../decode/problem.ts';
import type { ScalarFormat, ValueSchema } from '../schema/types.ts';
import { ElementError, fieldElement, itemElement, writeFieldPath } from './path-element.ts';
import { isMembers, memberSchema } from './walk.ts';

/** What is wrong with an applied configuration: its place and why. */
export interface AppliedProblem {
  readonly path: string;
  readonly why: string;
}

const jsonTypes: Readonly<Partial<Record<ScalarFormat, string>>> = {
  string: 'string',
  boolean: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
  time: 'string',
  'micro-time': 'string',
  byte: 'string',
};

class Checker {
  readonly problems: AppliedProblem[] = [];
  private readonly path: string[] = [];

  value(value: unknown, schema: ValueSchema): void {
    if (value === null || value === undefined) return;
    if (schema.kind === 'scalar') this.scalar(value, schema.format);
    else if (schema.kind === 'list') this.list(value, schema);
    else this.members(value, schema);
  }

  private list(value: unknown, schema: ValueSchema): void {
    if (Array.isArray(value)) this.items(value, schema);
    else this.wants('a list', value);
  }

  private members(value: unknown, schema: ValueSchema): void {
    if (!isMembers(value)) {
      this.wants('an object', value);
      return;
    }
    for (const name in value) {
      const below = memberSchema(schema, name);
      this.path.push(fieldElement(name));
      if (below) this.value(value[name], below);
      else this.note('field not declared in schema');
      this.path.pop();
    }
  }

  private items(list: readonly unknown[], schema: ValueSchema): void {
    const seen = new Set<string>();
    list.forEach((item, index) => {
      const element = this.elementOf(item, schema, index);
      if (schema.listType !== 'atomic' && seen.has(element)) this.note(`${writeFieldPath([element])} stands twice`);
      seen.add(element);
      this.path.push(element);
      this.value(item, schema.element!);
      this.path.pop();
    });
  }

  private elementOf(item: unknown, schema: ValueSchema, index: number): string {
    if (schema.listType === 'atomic') return `i:${index}`;
    try {
      return itemElement(item, schema);
    } catch (error) {
      if (!(error instanceof ElementError)) throw error;
      this.note(error.message);
      return `i:${index}`;
    }
  }

  private scalar(value: unknown, format: ScalarFormat): void {
    if (format === 'any') return;
    const expected = jsonTypes[format];
    if (typeof value === 'object') this.wants('a single value', value);
    else if (expected !== undefined && typeof value !== expected) this.wants(`a ${expected}`, value);
  }

  private wants(expected: string, value: unknown): void {
    this.note(`expected ${expected}, got ${kindOfValue(value)}`);
  }

  private note(why: string): void {
    this.problems.push({ path: writeFieldPath(this.path), why });
  }
}

/** Where a configuration does not fit its type. An empty answer is a configuration that can be applied. */
export function problemsOfApplied(applied: unknown, schema: ValueSchema): AppliedProblem[] {
  const checker = new Checker();
  checker.value(applied, schema);
  return checker.problems;
}
