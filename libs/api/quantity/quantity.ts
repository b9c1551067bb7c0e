import { binaryExponentMax, decimalExponentMax, type QuantityFormat, readSuffix, writeSuffix } from './suffix.ts';

/** Why a text is no quantity. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

/** The smallest fraction that a quantity keeps is 10^-9; finer ones are rounded away from zero. */
const scaleMin = -9;
const binaryMax = 2n ** 63n - 1n;
const pattern = /^([+-]?)(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;

/** digits x 10^scale, in a family of suffixes. Immutable. */
export interface Quantity {
  readonly digits: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  /** What was parsed, where Kubernetes writes it back as it came. */
  readonly text?: string;
}

function atScale(quantity: Quantity, scale: number): bigint {
  return quantity.digits * 10n ** BigInt(quantity.scale - scale);
}

/** The value in units of 10^scale, rounded away from zero. */
export function scaledUp(quantity: Quantity, scale: number): bigint {
  if (quantity.scale >= scale) return atScale(quantity, scale);
  const divisor = 10n ** BigInt(scale - quantity.scale);
  const whole = quantity.digits / divisor;
  if (whole * divisor === quantity.digits) return whole;
  return quantity.digits < 0n ? whole - 1n : whole + 1n;
}

function lowest(first: Quantity, second: Quantity): number {
  return Math.min(first.scale, second.scale);
}

export function compareQuantities(first: Quantity, second: Quantity): -1 | 0 | 1 {
  const scale = lowest(first, second);
  const a = atScale(first, scale);
  const b = atScale(second, scale);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The sum, in the first one's format unless that one is zero. */
export function addQuantities(first: Quantity, second: Quantity): Quantity {
  const scale = lowest(first, second);
  const format = first.digits === 0n ? second.format : first.format;
  return { digits: atScale(first, scale) + atScale(second, scale), scale, format };
}

export function subtractQuantities(first: Quantity, second: Quantity): Quantity {
  return addQuantities(first, { ...second, digits: -second.digits });
}

function writeDecimal(quantity: Quantity, format: QuantityFormat): string {
  let { digits, scale } = quantity;
  while (digits % 10n === 0n) {
    digits /= 10n;
    scale += 1;
  }
  const exponentMax = format === 'decimal' ? decimalExponentMax : scale;
  const aligned = Math.min(Math.floor(scale / 3) * 3, exponentMax);
  return `${digits * 10n ** BigInt(scale - aligned)}${writeSuffix(format, aligned)}`;
}

/** undefined where the binary family cannot hold the value: between -1024 and 1024, and fractions. */
function writeBinary(quantity: Quantity): string | undefined {
  let digits = scaledUp(quantity, 0);
  if (compareQuantities(quantity, { digits, scale: 0, format: 'binary' }) !== 0) return undefined;
  if (digits > -1024n && digits < 1024n) return undefined;
  let exponent = 0;
  while (digits % 1024n === 0n && exponent < binaryExponentMax) {
    digits /= 1024n;
    exponent += 10;
  }
  return `${digits}${writeSuffix('binary', exponent)}`;
}

/** The canonical form: no fraction, the largest suffix of its family that keeps the value. */
export function writeQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.digits === 0n) return '0';
  if (quantity.format === 'binary') return writeBinary(quantity) ?? writeDecimal(quantity, 'decimal');
  return writeDecimal(quantity, quantity.format);
}

/** Digits up to which Kubernetes keeps a decimal quantity in a machine word. */
const wordDigitsMax = 18;

/**
 * Kubernetes writes some quantities back as they came: those it can hold in a machine word and takes for canonical.
 * Source: behaviour of resource.ParseQuantity, which clients see as `1.234` staying `1.234` while `1.5` becomes `1500m`.
 */
function staysAsWritten(whole: string, fraction: string, suffix: NonNullable<ReturnType<typeof readSuffix>>): boolean {
  if (suffix.base === 2) {
    const digits = 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1;
    return fraction === '' && digits >= 0 && Number(whole) % 8 !== 0;
  }
  const shifted = whole + fraction;
  const scale = suffix.exponent - fraction.length;
  if (shifted.length > wordDigitsMax || scale < scaleMin) return false;
  return scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
}

function limited(quantity: Quantity): Quantity {
  let { digits, scale, format } = quantity;
  if (scale < scaleMin) {
    digits = scaledUp(quantity, scaleMin);
    scale = scaleMin;
  }
  if (format !== 'binary') return { digits, scale, format };
  if (scaledUp({ digits, scale, format }, 0) > binaryMax) return { digits: binaryMax, scale: 0, format };
  return { digits, scale, format };
}

/**
 * Reads a quantity such as `100m`, `1.5Gi`, `1e3`.
 * @throws QuantityError
 */
export function parseQuantity(text: string): Quantity {
  const match = pattern.exec(text);
  if (!match || (match[2] === '' && !match[4])) {
    throw new QuantityError(`a quantity is a number with an optional suffix, such as 100m, 1.5 or 64Mi; got '${text}'`);
  }
  const [, sign = '', leading = '', , fraction = '', ending = ''] = match;
  const suffix = readSuffix(ending);
  if (!suffix) throw new QuantityError(`'${ending}' in '${text}' is not a suffix of quantities`);
  const whole = leading.replace(/^0+/, '') || '0';
  const unsigned = BigInt(whole + fraction) * (suffix.base === 2 ? 2n ** BigInt(suffix.exponent) : 1n);
  const quantity = limited({
    digits: sign === '-' ? -unsigned : unsigned,
    scale: (suffix.base === 10 ? suffix.exponent : 0) - fraction.length,
    format: suffix.format,
  });
  return unsigned !== 0n && staysAsWritten(whole, fraction, suffix) ? { ...quantity, text } : quantity;
}

/** Up to three digits with a usual suffix: canonical as they stand. */
const plainlyCanonical = /^(?:0|[1-9]\d{0,2}(?:m|Ki|Mi|Gi|k|M|G)?)$/;

/**
 * What the API server writes where a client wrote `value`.
 * @throws QuantityError
 */
export function canonicalQuantity(value: string | number): string {
  const text = String(value).trim();
  return plainlyCanonical.test(text) ? text : writeQuantity(parseQuantity(text));
}
