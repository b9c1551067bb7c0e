import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  subtractQuantities,
  writeQuantity,
} from '../quantity/quantity.ts';

/** How much of each resource, by name. */
export type Amounts = ReadonlyMap<string, Quantity>;
export type ResourceList = Readonly<Record<string, string>>;

const none: Quantity = { digits: 0n, scale: 0, format: 'decimal' };

export function count(number: number): Quantity {
  return { digits: BigInt(number), scale: 0, format: 'decimal' };
}

export function amountsOf(list: ResourceList | undefined): Map<string, Quantity> {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(String(text))]));
}

/** As it is written in objects, names in order. */
export function listOf(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].sort(byName).map(([name, amount]) => [name, writeQuantity(amount)]));
}

/** `cpu=1,memory=1Gi`, as messages have it. */
export function textOf(amounts: Amounts): string {
  return [...amounts]
    .sort(byName)
    .map(([name, amount]) => `${name}=${writeQuantity(amount)}`)
    .join(',');
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

export function addTo(total: Map<string, Quantity>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, addQuantities(total.get(name) ?? none, amount));
}

export function sum(first: Amounts, second: Amounts): Map<string, Quantity> {
  const total = new Map(first);
  addTo(total, second);
  return total;
}

/** Keeps the larger of the two of each. */
export function raiseTo(highest: Map<string, Quantity>, other: Amounts): void {
  for (const [name, amount] of other) {
    const own = highest.get(name);
    if (!own || compareQuantities(amount, own) > 0) highest.set(name, amount);
  }
}

/** What is more in the first than in the second. */
export function growth(now: Amounts, before: Amounts): Map<string, Quantity> {
  const grown = new Map<string, Quantity>();
  for (const [name, amount] of now) {
    const difference = subtractQuantities(amount, before.get(name) ?? none);
    if (difference.digits > 0n) grown.set(name, difference);
  }
  return grown;
}

export function only(amounts: Amounts, keep: (name: string, amount: Quantity) => boolean): Map<string, Quantity> {
  return new Map([...amounts].filter(([name, amount]) => keep(name, amount)));
}

/** Names of what is above its bound. */
export function above(amounts: Amounts, bounds: Amounts): Set<string> {
  const names = [...amounts].filter(([name, amount]) => {
    const bound = bounds.get(name);
    return bound !== undefined && compareQuantities(amount, bound) > 0;
  });
  return new Set(names.map(([name]) => name));
}

export function sameAmounts(a: Amounts, b: Amounts): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([name, amount]) => {
    const other = b.get(name);
    return other !== undefined && compareQuantities(amount, other) === 0;
  });
}
