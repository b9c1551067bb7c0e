import { canonicalQuantity, QuantityError } from '../quantity/quantity.ts';
import type { ScalarFormat } from '../schema/types.ts';
import { kindOfValue } from './problem.ts';

/** Why a value does not fit its format, without the place. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

function wants(expected: string, value: unknown): never {
  throw new FormatError(`expected ${expected}, got ${kindOfValue(value)}`);
}

function readInteger(value: unknown, bits: 32 | 64): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) wants('a whole number', value);
  const limit = 2 ** (bits - 1);
  if (value >= limit || value < -limit) wants(`a whole number of ${bits} bits`, value);
  return value;
}

const usualTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const anyTime =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Date takes 31 February for 2 March. */
function existsInCalendar(seconds: string): boolean {
  return new Date(`${seconds}Z`).toISOString().startsWith(seconds);
}

/** RFC 3339, in UTC, with the given number of digits after the second. */
function readTime(value: unknown, fractionDigits: 0 | 6): string {
  if (typeof value !== 'string') wants('a time such as 2006-01-02T15:04:05Z', value);
  const match = anyTime.exec(value);
  const [, seconds = '', fraction = '', zone = ''] = match ?? [];
  const at = new Date(`${seconds}${zone}`);
  if (!match || Number.isNaN(at.getTime()) || !existsInCalendar(seconds))
    wants('a time such as 2006-01-02T15:04:05Z', value);
  const inUtc = at.toISOString().slice(0, 19);
  return `${inUtc}${fractionDigits === 0 ? '' : `.${fraction.slice(1, 7).padEnd(6, '0')}`}Z`;
}

function readBytes(value: unknown): string {
  if (typeof value !== 'string') wants('bytes in base64', value);
  const written = value.replaceAll(/[\r\n]/g, '');
  if (written.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(written)) wants('bytes in base64', value);
  return written.endsWith('=') ? Buffer.from(written, 'base64').toString('base64') : written;
}

function readQuantity(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') wants('a quantity such as 100m or 64Mi', value);
  try {
    return canonicalQuantity(value);
  } catch (error) {
    if (error instanceof QuantityError) throw new FormatError(error.message);
    throw error;
  }
}

/** The value in the form that the API writes. `value` is not null. @throws FormatError */
export function readScalar(value: unknown, format: ScalarFormat): unknown {
  switch (format) {
    case 'string':
      return typeof value === 'string' ? value : wants('a text', value);
    case 'boolean':
      return typeof value === 'boolean' ? value : wants('true or false', value);
    case 'int32':
      return readInteger(value, 32);
    case 'int64':
      return readInteger(value, 64);
    case 'double':
      return typeof value === 'number' ? value : wants('a number', value);
    case 'time':
      return typeof value === 'string' && usualTime.test(value) && Number(value.slice(8, 10)) < 29
        ? value
        : readTime(value, 0);
    case 'micro-time':
      return readTime(value, 6);
    case 'byte':
      return readBytes(value);
    case 'quantity':
      return readQuantity(value);
    case 'int-or-string':
      return typeof value === 'string' ? value : readInteger(value, 32);
    case 'any':
      return value;
  }
}
