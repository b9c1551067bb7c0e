import { parseQuantity, QuantityError, scaledUp, writeQuantity } from './quantity.ts';

/** Quantities as plain numbers, for arithmetic that runs often: scheduling, cgroups, autoscaling. */

const simple = /^(\d{1,15})(m|Ki|Mi|Gi|Ti|k|M|G|T)?$/;
const factors: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};

/** Number(text) for texts that need no big integers; undefined for the rest. */
function simpleAmount(text: string, perUnit: number): number | undefined {
  const match = simple.exec(text);
  if (!match) return undefined;
  const digits = Number(match[1]);
  const suffix = match[2];
  if (suffix === 'm') return perUnit === 1000 ? digits : Math.ceil(digits / 1000);
  const amount = digits * (suffix === undefined ? 1 : factors[suffix]!) * perUnit;
  return Number.isSafeInteger(amount) ? amount : undefined;
}

function amount(text: string | number, scale: 0 | -3): number {
  const written = String(text).trim();
  return simpleAmount(written, scale === 0 ? 1 : 1000) ?? Number(scaledUp(parseQuantity(written), scale));
}

/**
 * The whole value, rounded up: bytes of a memory quantity, the count of a countable one.
 * @throws QuantityError
 */
export function wholeValue(text: string | number): number {
  return amount(text, 0);
}

/**
 * Thousandths, rounded up: millicores of a CPU quantity.
 * @throws QuantityError
 */
export function milliValue(text: string | number): number {
  return amount(text, -3);
}

/** `250` -> `250m`, `2000` -> `2`. */
export function quantityOfMillis(millis: number): string {
  return writeQuantity({ digits: BigInt(Math.ceil(millis)), scale: -3, format: 'decimal' });
}

/** `67108864` -> `64Mi`. */
export function quantityOfBytes(bytes: number): string {
  return writeQuantity({ digits: BigInt(Math.ceil(bytes)), scale: 0, format: 'binary' });
}

/** Whether the text is a quantity. */
export function isQuantity(text: string | number): boolean {
  try {
    milliValue(text);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}
