import { EvaluationError } from '../errors.ts';
import {
  Bytes,
  Duration,
  isList,
  type List,
  Structure,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values.ts';
import { doubleText } from './conversions.ts';

const clause = /%(?:(%)|(?:\.(\d+))?([sdfexXbo])|(.?))/gs;

/** Fills the clauses of a text, such as `%s` and `%.2f`, with values. @throws EvaluationError. */
export function formatted(text: string, values: List): string {
  let next = 0;
  return text.replace(clause, (_all, percent, precision, kind, other) => {
    if (percent) return '%';
    if (!kind)
      throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${other}"`);
    if (next >= values.length) throw new EvaluationError(`index ${next} out of range`);
    return clauses[kind as keyof typeof clauses](
      values[next++]!,
      precision === undefined ? undefined : Number(precision),
    );
  });
}

function refuse(kind: string, value: Value): never {
  throw new EvaluationError(`error during formatting: ${kind} clause can not be used on ${typeNameOf(value)}`);
}

/** Digits after the point when a clause does not say. */
const precisionDefault = 6;

const clauses = {
  s: (value: Value) => shown(value),
  d: (value: Value) => whole(value, 'decimal').toString(),
  b: (value: Value) => (typeof value === 'boolean' ? (value ? '1' : '0') : whole(value, 'binary').toString(2)),
  o: (value: Value) => whole(value, 'octal').toString(8),
  x: (value: Value) => hexadecimal(value),
  X: (value: Value) => hexadecimal(value).toUpperCase(),
  f: (value: Value, precision = precisionDefault) => point(value, (number) => number.toFixed(precision)),
  e: (value: Value, precision = precisionDefault) =>
    point(value, (number) => number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')),
} as const;

function whole(value: Value, kind: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  return refuse(kind, value);
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Bytes) return Buffer.from(value.octets).toString('hex');
  return whole(value, 'hex').toString(16);
}

function point(value: Value, write: (number: number) => string): string {
  const number = typeof value === 'number' ? value : Number(whole(value, 'fixed-point'));
  return Number.isFinite(number) ? write(number) : doubleText(number).replace('+', '');
}

function shown(value: Value): string {
  if (value === null) return 'null';
  if (isList(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof Structure) {
    const entries = value.keys().map((key) => [shown(key), shown(value.get(key)!)] as const);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}: ${item}`)
      .join(', ')}}`;
  }
  if (typeof value === 'number') return doubleText(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Bytes) return Buffer.from(value.octets).toString();
  if (value instanceof TypeValue) return value.name;
  if (typeof value !== 'object' || value instanceof Timestamp || value instanceof Duration) return String(value);
  return refuse('string', value);
}
