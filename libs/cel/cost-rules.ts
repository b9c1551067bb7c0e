/** From how little to how much. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export function fixed(value: number): Range {
  return { min: value, max: value };
}

/** How large something may be when nothing is known about it. */
export const unknownSize: Range = { min: 0, max: Number.POSITIVE_INFINITY };

export function plus(a: Range, b: Range): Range {
  return { min: a.min + b.min, max: a.max + b.max };
}

function product(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

export function times(a: Range, b: Range): Range {
  return { min: product(a.min, b.min), max: product(a.max, b.max) };
}

/** A share of a size, rounded up. */
export function share(size: Range, factor: number): Range {
  return { min: Math.ceil(size.min * factor), max: Math.ceil(size.max * factor) };
}

export function either(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

/** What is known of the size of an argument. */
export interface Sized {
  readonly size: Range;
  /** The size of its items or values, for lists and maps. */
  readonly entry?: Range;
}

export interface CallCost {
  readonly cost: Range;
  /** The size of what comes out. */
  readonly result?: Sized;
}

/** What a call costs for arguments of a size. Sizes before the evaluation are estimates, and facts during it. */
export type CostRule = (args: readonly Sized[]) => CallCost;

/** What things cost, in units of about 50 ns of the reference implementation. */
export const unitCosts = {
  read: 1,
  list: 10,
  map: 30,
  struct: 40,
  /** For each letter of a text that is walked through once. */
  letter: 0.1,
  /** For each letter of a regular expression. */
  patternLetter: 0.25,
} as const;

export function sizeOf(args: readonly Sized[], index: number): Range {
  return args[index]?.size ?? unknownSize;
}

export const nominal: CostRule = () => ({ cost: fixed(1) });

/** Walks through the first argument once, or `turns` times. */
export function walks(turns = 1): CostRule {
  return (args) => ({ cost: share(sizeOf(args, 0), turns * unitCosts.letter) });
}

/** Walks through a text and answers with one that is no longer. */
export const walksAndKeeps: CostRule = (args) => {
  const size = sizeOf(args, 0);
  return { cost: share(size, unitCosts.letter), result: { size } };
};

/** Walks through a text for each letter of a pattern. */
export const matchesPattern: CostRule = (args) => {
  const text = share(plus(sizeOf(args, 0), fixed(1)), unitCosts.letter);
  return { cost: times(text, share(sizeOf(args, 1), unitCosts.patternLetter)) };
};

export const findsPattern: CostRule = (args) => {
  const size = { min: 0, max: sizeOf(args, 0).max };
  return { ...matchesPattern(args), result: { size, entry: size } };
};

export const searches: CostRule = (args) => {
  return { cost: times(share(sizeOf(args, 0), unitCosts.letter), share(sizeOf(args, 1), unitCosts.letter)) };
};

/** Looks at each item of a list, and through it when it is a text. */
export const eachItem: CostRule = (args) => {
  const { size, entry } = args[0] ?? { size: unknownSize };
  if (!entry) return { cost: share(size, unitCosts.letter) };
  return { cost: times(size, plus(fixed(1), share(entry, unitCosts.letter))), result: { size: entry } };
};

/** Compares two values for as long as the shorter one is. */
export const compares: CostRule = (args) => {
  const max = Math.min(sizeOf(args, 0).max, sizeOf(args, 1).max);
  return { cost: share({ min: max > 0 ? 1 : 0, max }, unitCosts.letter) };
};

/** Copies both texts into one. */
export const concatenates: CostRule = (args) => {
  const size = plus(sizeOf(args, 0), sizeOf(args, 1));
  return { cost: share(size, unitCosts.letter), result: { size } };
};

export const appends: CostRule = (args) => {
  const [a, b] = args;
  const entry = a?.entry && b?.entry ? either(a.entry, b.entry) : (a?.entry ?? b?.entry);
  return { cost: fixed(1), result: { size: plus(sizeOf(args, 0), sizeOf(args, 1)), entry } };
};

export const looksThrough: CostRule = (args) => ({ cost: sizeOf(args, 1) });

/** An item: as large as the items of its list are. */
export const picks: CostRule = (args) => ({
  cost: fixed(1),
  result: args[0]?.entry ? { size: args[0].entry } : undefined,
});

export const replaces: CostRule = (args) => {
  const [text, old, fresh] = [sizeOf(args, 0), sizeOf(args, 1), sizeOf(args, 2)];
  const count = old.min === 0 ? text.max + 1 : text.max / old.min;
  const grown =
    old.min > 0 && fresh.max <= old.min ? text.max : product(count, fresh.max) + (old.min === 0 ? text.max : 0);
  return { cost: share(text, 2 * unitCosts.letter), result: { size: { min: 0, max: Math.ceil(grown) } } };
};

export const splits: CostRule = (args) => {
  const size = { min: 0, max: sizeOf(args, 0).max };
  return { cost: share(sizeOf(args, 0), 2 * unitCosts.letter), result: { size, entry: size } };
};

export const joins: CostRule = (args) => {
  const { size, entry = unknownSize } = args[0] ?? { size: unknownSize };
  const between = times(args[1]?.size ?? fixed(0), { min: Math.max(0, size.min - 1), max: Math.max(0, size.max - 1) });
  const all = plus(times(size, entry), between);
  return { cost: share(all, unitCosts.letter), result: { size: all } };
};

/** Decisions of authorizers are dear: two of them fit into one expression. */
export const decides: CostRule = () => ({ cost: fixed(350_000) });
