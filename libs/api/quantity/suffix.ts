/** The family of suffixes that a quantity is written with; arithmetic keeps the first operand's. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

export interface Suffix {
  readonly format: QuantityFormat;
  readonly base: 10 | 2;
  readonly exponent: number;
}

/** Exponents beyond this are refused: no resource is that large, and arithmetic on them would take all memory. */
const exponentMax = 1000;

const decimals = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);

const binaries = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);

const decimalNames = new Map([...decimals].map(([name, exponent]) => [exponent, name]));
const binaryNames = new Map([...binaries].map(([name, exponent]) => [exponent, name]));

/** The largest decimal suffix, 10^18. */
export const decimalExponentMax = 18;
/** The largest binary suffix, 2^60. */
export const binaryExponentMax = 60;

export function readSuffix(text: string): Suffix | undefined {
  const decimal = decimals.get(text);
  if (decimal !== undefined) return { format: 'decimal', base: 10, exponent: decimal };
  const binary = binaries.get(text);
  if (binary !== undefined) return { format: 'binary', base: 2, exponent: binary };
  if (!/^[eE][+-]?\d+$/.test(text)) return undefined;
  const exponent = Number(text.slice(1));
  return Math.abs(exponent) > exponentMax ? undefined : { format: 'exponent', base: 10, exponent };
}

export function writeSuffix(format: QuantityFormat, exponent: number): string {
  if (format === 'exponent') return exponent === 0 ? '' : `e${exponent}`;
  return (format === 'decimal' ? decimalNames : binaryNames).get(exponent) ?? '';
}
