import { randomFillSync, randomUUID } from 'node:crypto';

/** Chance as the program sees it. Injected so that a seed reproduces a run. */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

const bytesPerFloat = 6;
/** Taken from the machine many at once: each call to it costs microseconds. */
const drawn = Buffer.alloc(bytesPerFloat * 512);
let used = drawn.length;

function nextFloat(): number {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += bytesPerFloat;
  return drawn.readUIntBE(used - bytesPerFloat, bytesPerFloat) / 2 ** 48;
}

/** The machine's own randomness. */
export const systemRandom: Random = {
  next: nextFloat,
  uuid: () => randomUUID(),
};

/** A 32-bit FNV-1a hash of `text`; used to take a seed from an object's uid. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A reproducible source (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  return { next, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}` };
}

/** The letters of generated names: no vowels and no look-alikes, so that no words appear. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix of `length` letters for generated names. */
export function randomSuffix(random: Random, length = 5): string {
  return Array.from({ length }, () => suffixLetters[Math.floor(random.next() * suffixLetters.length)]).join('');
}
