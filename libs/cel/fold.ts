import type { Fold } from './ast.ts';
import { unitCosts } from './cost-rules.ts';
import { CostError, EvaluationError } from './errors.ts';
import type { Frame, Step } from './frame.ts';
import { isList, type MapKey, MapValue, mapKeyOf, Structure, typeNameOf, type Value } from './values.ts';

export interface FoldParts {
  readonly range: Step;
  /** Of the first variable; the second follows it. */
  readonly slot: number;
  readonly filter?: Step;
  readonly step: Step;
}

/** What each turn costs besides its step, by how the reference implementation writes the macros out. */
export const turnCosts = {
  all: 3,
  exists: 4,
  exists_one: 1,
  map: 12,
  filter: 2,
  transformList: 12,
  transformMap: 2,
  transformMapEntry: 2,
} as const;
/** What the result costs once. */
export const endCosts = {
  all: 1,
  exists: 1,
  exists_one: 2,
  map: 11,
  filter: 11,
  transformList: 11,
  transformMap: 31,
  transformMapEntry: 31,
} as const;

/** A walk over a list or map. */
export function foldStep(fold: Fold, parts: FoldParts): Step {
  const finish = finishers[fold.macro];
  const cost = turnCosts[fold.macro];
  return (frame) => {
    const range = parts.range(frame);
    frame.charge(endCosts[fold.macro]);
    return finish(frame, turns(frame, { range, fold, slot: parts.slot, cost }), parts);
  };
}

interface Walk {
  readonly range: Value;
  readonly fold: Fold;
  readonly slot: number;
  readonly cost: number;
}

/** Sets the variables for each turn. Answers with the key or index, and the value. */
function* turns(frame: Frame, { range, fold, slot, cost }: Walk): Generator<readonly [Value, Value]> {
  const { second } = fold;
  if (isList(range)) {
    for (let i = 0; i < range.length; i++) {
      frame.charge(cost);
      const item = range[i]!;
      if (second === undefined) frame.slots[slot] = item;
      else {
        frame.slots[slot] = BigInt(i);
        frame.slots[slot + 1] = item;
      }
      yield [BigInt(i), item];
    }
    return;
  }
  if (!(range instanceof Structure)) {
    throw new EvaluationError(`got '${typeNameOf(range)}', expected iterable type`);
  }
  for (const key of range.keys()) {
    frame.charge(cost);
    const value = range.get(key)!;
    frame.slots[slot] = key;
    if (second !== undefined) frame.slots[slot + 1] = value;
    yield [key, second === undefined ? key : value];
  }
}

type Finish = (frame: Frame, turns: Iterable<readonly [Value, Value]>, parts: FoldParts) => Value;

function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new EvaluationError('no such overload');
}

/** `all` and `exists`: the first that decides ends the walk, even after errors. */
function quantifier(decides: boolean): Finish {
  return (frame, turns, { step }) => {
    let failure: EvaluationError | undefined;
    for (const _ of turns) {
      try {
        if (truth(step(frame)) === decides) return decides;
      } catch (error) {
        if (error instanceof CostError || !(error instanceof EvaluationError)) throw error;
        failure ??= error;
      }
    }
    if (failure) throw failure;
    return !decides;
  };
}

function exactlyOne(frame: Frame, turns: Iterable<unknown>, { step }: FoldParts): boolean {
  let count = 0;
  for (const _ of turns) if (truth(step(frame))) count++;
  return count === 1;
}

function filtered(frame: Frame, turns: Iterable<readonly [Value, Value]>, { step }: FoldParts): Value[] {
  const kept: Value[] = [];
  for (const [, item] of turns) {
    if (!truth(step(frame))) continue;
    frame.charge(unitCosts.list + 2);
    kept.push(item);
  }
  return kept;
}

function mapped(frame: Frame, turns: Iterable<unknown>, { filter, step }: FoldParts): Value[] {
  const made: Value[] = [];
  for (const _ of turns) if (!filter || truth(filter(frame))) made.push(step(frame));
  return made;
}

function mapOfValues(frame: Frame, turns: Iterable<readonly [Value, Value]>, { filter, step }: FoldParts): MapValue {
  const made = new Map<MapKey, Value>();
  for (const [key] of turns) {
    if (filter && !truth(filter(frame))) continue;
    const kept = mapKeyOf(key);
    if (kept !== undefined) made.set(kept, step(frame));
  }
  return new MapValue(made);
}

function mapOfEntries(frame: Frame, turns: Iterable<unknown>, { filter, step }: FoldParts): MapValue {
  const made = new Map<MapKey, Value>();
  for (const _ of turns) {
    if (filter && !truth(filter(frame))) continue;
    const entry = step(frame);
    if (!(entry instanceof Structure)) throw new EvaluationError('no such overload');
    for (const key of entry.keys()) {
      const kept = mapKeyOf(key);
      if (kept === undefined) continue;
      if (made.has(kept)) throw new EvaluationError(`insert failed: key ${kept} already exists`);
      made.set(kept, entry.get(key)!);
    }
  }
  return new MapValue(made);
}

const finishers: Readonly<Record<Fold['macro'], Finish>> = {
  all: quantifier(false),
  exists: quantifier(true),
  exists_one: exactlyOne,
  filter: filtered,
  map: mapped,
  transformList: mapped,
  transformMap: mapOfValues,
  transformMapEntry: mapOfEntries,
};
