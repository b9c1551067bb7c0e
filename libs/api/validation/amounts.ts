import { isQuantity } from '../quantity/amounts.ts';
import { parseQuantity, scaledUp } from '../quantity/quantity.ts';

/** A quantity as a whole number of its billionth parts: exact for every quantity the API can write. */
export type Amount = bigint;

const NANO = -9;
const NANOS = 1_000_000_000n;
const CACHED_MAX = 4096;

/** The same few quantities stand in most pods. */
const cache = new Map<string, Amount>();

/** The amount a quantity stands for; `otherwise`, or an error, for a text that is none. */
export function amountOf(quantity: string | number, otherwise?: Amount): Amount {
  const text = String(quantity);
  const known = cache.get(text);
  if (known !== undefined) return known;
  const amount = otherwise !== undefined && !isQuantity(text) ? otherwise : scaledUp(parseQuantity(text), NANO);
  if (cache.size >= CACHED_MAX) cache.clear();
  cache.set(text, amount);
  return amount;
}

export function isWhole(amount: Amount): boolean {
  return amount % NANOS === 0n;
}
