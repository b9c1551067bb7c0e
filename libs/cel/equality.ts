import { EvaluationError } from './errors.ts';
import {
  Bytes,
  Duration,
  isList,
  type List,
  Opaque,
  Optional,
  Structure,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from './values.ts';

type Numeric = bigint | number | Uint;

function isNumeric(value: Value): value is Numeric {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint;
}

/** Numbers of any kind compare by what they are worth; NaN with nothing. */
function compareNumbers(a: Numeric, b: Numeric): number {
  const [left, right] = [a, b].map((each) => (each instanceof Uint ? each.value : each)) as [
    bigint | number,
    bigint | number,
  ];
  if (Object.is(left, Number.NaN) || Object.is(right, Number.NaN)) return Number.NaN;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether two values are the same. Values of different types never are, numbers apart. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (isNumeric(a)) return isNumeric(b) && compareNumbers(a, b) === 0;
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false;
  if (isList(a)) return isList(b) && equalLists(a, b);
  if (a instanceof Structure) return b instanceof Structure && equalStructures(a, b);
  if (a instanceof Opaque) return b instanceof Opaque && a.typeName === b.typeName && a.equals(b);
  if (a instanceof Timestamp || a instanceof Duration)
    return b.constructor === a.constructor && (b as Timestamp).nanos === a.nanos;
  if (a instanceof Bytes) return b instanceof Bytes && Buffer.compare(a.octets, b.octets) === 0;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (!(a instanceof Optional) || !(b instanceof Optional)) return false;
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value);
}

function equalLists(a: List, b: List): boolean {
  if (a.length !== b.length) return false;
  const identityOf = a.identityOf ?? b.identityOf;
  if (!identityOf) return a.every((item, i) => equal(item, b[i]!));
  const others = new Map(b.map((item) => [identityOf(item), item]));
  return a.every((item) => {
    const other = others.get(identityOf(item));
    return other !== undefined && equal(item, other);
  });
}

function equalStructures(a: Structure, b: Structure): boolean {
  if (a.size !== b.size) return false;
  return a.keys().every((key) => {
    const other = b.get(key);
    return other !== undefined && equal(a.get(key)!, other);
  });
}

/** Below zero, zero or above zero. @throws EvaluationError for values that have no order among them. */
export function compare(a: Value, b: Value): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Bytes && b instanceof Bytes) return Buffer.compare(a.octets, b.octets);
  if (a instanceof Timestamp && b instanceof Timestamp) return order(a.nanos, b.nanos);
  if (a instanceof Duration && b instanceof Duration) return order(a.nanos, b.nanos);
  throw new EvaluationError(`no such overload: ${typeNameOf(a)}, ${typeNameOf(b)}`);
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By code points, which UTF-16 units do not always follow. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
