/** A quantity as a whole number of its billionth parts: exact for every quantity the API can write. */
export type Amount = bigint;

const NANOS = 1_000_000_000n;
const CACHED_MAX = 4096;

const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** The same few quantities stand in most pods. */
const cache = new Map<string, Amount>();

/** The amount a quantity stands for; `otherwise`, or an error, for a text that is none. */
export function amountOf(quantity: string | number, otherwise?: Amount): Amount {
  const text = String(quantity);
  const known = cache.get(text);
  if (known !== undefined) return known;
  const amount = parse(text) ?? otherwise;
  if (amount === undefined) throw new RangeError(`not a quantity: ${text}`);
  if (cache.size >= CACHED_MAX) cache.clear();
  cache.set(text, amount);
  return amount;
}

function parse(text: string): Amount | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/.exec(text.trim());
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const binary = BINARY.indexOf(suffix) + 1;
  const exponent = binary > 0 ? 0 : (DECIMAL[suffix] ?? Number(suffix.slice(1)));
  const scaled = scale(digits * 1024n ** BigInt(binary), exponent + 9 - fraction.length);
  return sign === '-' ? -scaled : scaled;
}

/** Times a power of ten; what falls below a billionth is rounded up. */
function scale(value: bigint, exponent: number): bigint {
  if (exponent >= 0) return value * 10n ** BigInt(Math.min(exponent, 60));
  const divisor = 10n ** BigInt(Math.min(-exponent, 60));
  return (value + divisor - 1n) / divisor;
}

export function isWhole(amount: Amount): boolean {
  return amount % NANOS === 0n;
}

/** Rounded up to the next whole number. */
export function wholeOf(amount: Amount): bigint {
  return amount >= 0n ? (amount + NANOS - 1n) / NANOS : -(-amount / NANOS);
}
