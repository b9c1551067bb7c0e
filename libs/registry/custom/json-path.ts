import { isMembers } from '../../api/patch/json-value.ts';

/**
 * JSONPath as the columns of custom kinds use it: fields, indexes, slices, unions, wildcards, descent and filters.
 * Source: the template language of kubectl's jsonpath output.
 */

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' | 'descent' }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly from?: number; readonly to?: number; readonly by: number }
  | { readonly kind: 'union'; readonly paths: ReadonlyArray<readonly Step[]> }
  | { readonly kind: 'filter'; readonly left: Operand; readonly operator?: string; readonly right?: Operand };

type Operand = { readonly literal: unknown } | { readonly path: readonly Step[] };

/** A path that cannot be read, or that asks of a value what it cannot tell: there is nothing to show. */
class PathError extends Error {}

const fieldName = /(?:\\.|[^.,[\]$@{}\s\\])+/y;
const comparison = /^([^!<>=]+)([!<>=]+)(.+)$/s;
const slicing = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/;
const quotedKey = /^'([^']*)'$/;

/** A function that finds the first value at a path such as `.status.conditions[?(@.type=="Ready")].status`. */
export function jsonPath(text: string): (object: unknown) => unknown {
  const steps = attempt(() => stepsOf(text));
  return (object) => (steps ? attempt(() => walk([object], steps)[0]) : undefined);
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof PathError) return undefined;
    throw error;
  }
}

function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < text.length; ) {
    const head = text[at]!;
    if (head === '[') {
      const end = endOfBracket(text, at);
      steps.push(...bracketSteps(text.slice(at + 1, end)));
      at = end + 1;
    } else if (head === '.') {
      const descends = text[at + 1] === '.';
      if (descends) steps.push({ kind: 'descent' });
      fieldName.lastIndex = at + (descends ? 2 : 1);
      const name = fieldName.exec(text)?.[0] ?? '';
      if (name !== '') steps.push(name === '*' ? { kind: 'wildcard' } : { kind: 'field', name: unescaped(name) });
      at += (descends ? 2 : 1) + name.length;
    } else if (head === '$' || head === '@' || head === ' ') at++;
    else throw new PathError(text);
  }
  return steps;
}

const unescaped = (name: string) => name.replaceAll('\\', '');

/** The place of the bracket that closes the one at `from`; filters may hold brackets in quotes. */
function endOfBracket(text: string, from: number): number {
  const isFilter = text.startsWith('[?(', from);
  let quote = '';
  for (let at = from + 1; at < text.length; at++) {
    const letter = text[at]!;
    if (quote !== '') {
      if (letter === quote && text[at - 1] !== '\\') quote = '';
    } else if (isFilter && (letter === '"' || letter === "'")) quote = letter;
    else if (letter === ']' && (!isFilter || text[at - 1] === ')')) return at;
  }
  throw new PathError(text);
}

function bracketSteps(inside: string): Step[] {
  if (inside.startsWith('?(')) return [filterOf(inside.slice(2, -1))];
  const parts = inside.split(',');
  if (parts.length > 1) return [{ kind: 'union', paths: parts.map((part) => bracketSteps(part.trim())) }];
  if (inside === '*') return [{ kind: 'wildcard' }];
  const [, key] = quotedKey.exec(inside) ?? [];
  if (key !== undefined) return stepsOf(`.${key}`);
  const [, first, second, third] = slicing.exec(inside) ?? [];
  if (first === undefined || inside === '') throw new PathError(inside);
  if (second === undefined) return [{ kind: 'index', index: Number(first) }];
  return [{ kind: 'slice', from: limit(first), to: limit(second.slice(1)), by: limit(third?.slice(1) ?? '') ?? 1 }];
}

const limit = (text: string) => (text === '' ? undefined : Number(text));

function filterOf(condition: string): Step {
  const [, left, operator, right] = comparison.exec(condition) ?? [];
  if (left === undefined || right === undefined) return { kind: 'filter', left: operandOf(condition) };
  return { kind: 'filter', left: operandOf(left), operator, right: operandOf(right) };
}

function operandOf(text: string): Operand {
  const trimmed = text.trim();
  const [quote] = trimmed;
  if (quote === '"' || quote === "'") {
    if (trimmed.length < 2 || !trimmed.endsWith(quote)) throw new PathError(text);
    return { literal: trimmed.slice(1, -1).replaceAll(/\\(.)/g, '$1') };
  }
  if (trimmed === 'true' || trimmed === 'false') return { literal: trimmed === 'true' };
  if (/^[+-]?\d[\d.]*$/.test(trimmed)) return { literal: Number(trimmed) };
  return { path: stepsOf(trimmed) };
}

function walk(values: readonly unknown[], steps: readonly Step[]): unknown[] {
  return steps.reduce<unknown[]>((found, step) => found.flatMap((value) => take(value, step)), [...values]);
}

function take(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'field': {
      const member = isMembers(value) ? value[step.name] : undefined;
      return member === undefined ? [] : [member];
    }
    case 'wildcard':
      return childrenOf(value);
    case 'descent':
      return descendants(value);
    case 'index': {
      const item = listOf(value).at(step.index);
      if (item === undefined) throw new PathError('the index is out of bounds');
      return [item];
    }
    case 'slice': {
      const { from, to, by } = step;
      if (by < 1) throw new PathError('the step must be positive');
      const part = listOf(value).slice(from, to);
      return part.filter((_, at) => at % by === 0);
    }
    case 'union':
      return step.paths.flatMap((path) => walk([value], path));
    case 'filter':
      return listOf(value).filter((item) => passes(item, step));
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new PathError('only lists have items');
  return value;
}

function childrenOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function descendants(value: unknown): unknown[] {
  return [value, ...childrenOf(value).flatMap(descendants)];
}

function passes(item: unknown, { left, operator, right }: Extract<Step, { kind: 'filter' }>): boolean {
  const lefts = valuesOf(left, item);
  if (!operator || !right) return lefts.length > 0;
  const rights = valuesOf(right, item);
  if (lefts.length === 0 || rights.length === 0) return false;
  if (lefts.length > 1 || rights.length > 1) throw new PathError('only one value can be compared at a time');
  return holds(lefts[0], operator, rights[0]);
}

function valuesOf(operand: Operand, item: unknown): unknown[] {
  return 'path' in operand ? walk([item], operand.path) : [operand.literal];
}

function holds(left: unknown, operator: string, right: unknown): boolean {
  if (typeof left !== typeof right) throw new PathError('values of different types cannot be compared');
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  const ordered = (typeof left === 'string' || typeof left === 'number') && /^[<>]=?$/.test(operator);
  if (!ordered) throw new PathError(`these values cannot be compared by ${operator}`);
  const [a, b] = [left, right as string | number];
  if (operator === '<') return a < b;
  if (operator === '>') return a > b;
  return operator === '<=' ? a <= b : a >= b;
}
