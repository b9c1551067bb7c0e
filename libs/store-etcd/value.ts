import { placesMax } from './revisions.ts';

/**
 * A stored value is the bytes that were given and, behind them, the place of the write: a line feed and the place in
 * digits of blank, tab and carriage return. JSON stays JSON that way, for readers of etcd and for older servers. Place 0
 * has no mark, as values from before there were places; only a value that itself ends like a mark gets an empty one.
 */
const lineFeed = 0x0a;
const digits = [0x20, 0x09, 0x0d];
/** The digit of each byte, or -1. */
const digitOf = new Int8Array(256).fill(-1);
for (const [digit, byte] of digits.entries()) digitOf[byte] = digit;

const noMark = Buffer.alloc(0);
const marks = Array.from({ length: placesMax }, (_, place) => {
  const bytes: number[] = [];
  for (let rest = place; rest > 0; rest = Math.floor(rest / digits.length))
    bytes.unshift(digits[rest % digits.length]!);
  return Buffer.from([lineFeed, ...bytes]);
});

/** What is stored behind the value. */
export function markBehind(value: Uint8Array, place: number): Uint8Array {
  return place === 0 && markStart(value) === undefined ? noMark : marks[place]!;
}

/** The value as it was given, and the place of its write. */
export function unmarkedValue(stored: Buffer): { value: Buffer; place: number } {
  const start = markStart(stored);
  if (start === undefined) return { value: stored, place: 0 };
  let place = 0;
  for (let at = start + 1; at < stored.length; at++) place = place * digits.length + digitOf[stored[at]!]!;
  return { value: stored.subarray(0, start), place };
}

function markStart(stored: Uint8Array): number | undefined {
  let at = stored.length - 1;
  while (at >= 0 && digitOf[stored[at]!]! >= 0) at--;
  return stored[at] === lineFeed ? at : undefined;
}
