import { sortByKeys } from '../ast.ts';
import { eachItem, looksThrough, walks } from '../cost-rules.ts';
import { compare, equal } from '../equality.ts';
import { EvaluationError } from '../errors.ts';
import { bool, bytes, double, duration, int, listOf, string, type Type, timestamp, uint } from '../types.ts';
import { Duration, isList, type List, Uint, type Value } from '../values.ts';
import type { Form } from './form.ts';

const A: Type = { kind: 'param', name: 'A' };
const comparable = [int, uint, double, bool, duration, timestamp, string, bytes];

function isSorted(list: List): boolean {
  return list.every((item, i) => i === 0 || compare(list[i - 1]!, item) <= 0);
}

function extreme(name: string, sign: 1 | -1) {
  return (list: List): Value => {
    if (list.length === 0) throw new EvaluationError(`${name} called on empty list`);
    return list.reduce((best, item) => (sign * compare(item, best) > 0 ? item : best));
  };
}

/** How to add up the values of a type, and what an empty list comes to. */
const sums: ReadonlyArray<readonly [Type, (list: List) => Value]> = [
  [int, (list) => (list as readonly bigint[]).reduce((sum, item) => sum + item, 0n)],
  [uint, (list) => new Uint((list as readonly Uint[]).reduce((sum, { value }) => sum + value, 0n))],
  [double, (list) => (list as readonly number[]).reduce((sum, item) => sum + item, 0)],
  [duration, (list) => new Duration((list as readonly Duration[]).reduce((sum, { nanos }) => sum + nanos, 0n))],
];

function slice(list: List, start: bigint, end: bigint): Value[] {
  if (start < 0n || end < 0n)
    throw new EvaluationError(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end)
    throw new EvaluationError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > list.length) throw new EvaluationError(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

function flatten(list: List, depth: bigint): Value[] {
  if (depth < 0n) throw new EvaluationError('level must be non-negative');
  return list.flatMap((item) => (isList(item) && depth > 0n ? flatten(item, depth - 1n) : [item]));
}

function distinct(list: List): Value[] {
  const kept: Value[] = [];
  for (const item of list) if (!kept.some((other) => equal(item, other))) kept.push(item);
  return kept;
}

/** Longest list that `lists.range` makes. */
const rangeItemsMax = 1_000_000n;

function range(count: bigint): bigint[] {
  if (count > rangeItemsMax) throw new EvaluationError(`lists.range: too many items: ${count}`);
  return Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i));
}

function contains(list: List, others: List): boolean {
  return others.every((other) => list.some((item) => equal(item, other)));
}

function sortedByKeys(list: List, keys: List): Value[] {
  const places = list.map((_, at) => at).sort((a, b) => compare(keys[a]!, keys[b]!));
  return places.map((at) => list[at]!);
}

const byType: Form[] = comparable.flatMap((type): Form[] => [
  { name: 'isSorted', params: [listOf(type)], result: bool, call: isSorted, cost: eachItem },
  { name: 'min', params: [listOf(type)], result: type, call: extreme('min', -1), cost: eachItem },
  { name: 'max', params: [listOf(type)], result: type, call: extreme('max', 1), cost: eachItem },
  {
    name: 'sort',
    params: [listOf(type)],
    result: listOf(type),
    call: (list: List) => [...list].sort(compare),
    cost: eachItem,
  },
  { name: sortByKeys, params: [listOf(A), listOf(type)], result: listOf(A), call: sortedByKeys, cost: eachItem },
]);

const positions: Form[] = [
  {
    ...{ name: 'indexOf', params: [listOf(A), A], result: int, cost: eachItem },
    call: (list: List, item: Value) => BigInt(list.findIndex((each) => equal(each, item))),
  },
  {
    ...{ name: 'lastIndexOf', params: [listOf(A), A], result: int, cost: eachItem },
    call: (list: List, item: Value) => BigInt(list.findLastIndex((each) => equal(each, item))),
  },
];

const whole: Form[] = [
  ...sums.map(([type, call]): Form => ({ name: 'sum', params: [listOf(type)], result: type, call, cost: eachItem })),
  { name: 'slice', params: [listOf(A), int, int], result: listOf(A), call: slice, cost: walks() },
  {
    name: 'flatten',
    params: [listOf(listOf(A))],
    result: listOf(A),
    call: (list: List) => flatten(list, 1n),
    cost: eachItem,
  },
  {
    name: 'flatten',
    params: [listOf({ kind: 'dyn' }), int],
    result: listOf({ kind: 'dyn' }),
    call: flatten,
    cost: eachItem,
  },
  { name: 'distinct', params: [listOf(A)], result: listOf(A), call: distinct, cost: eachItem },
  { name: 'reverse', params: [listOf(A)], result: listOf(A), call: (list: List) => [...list].reverse(), cost: walks() },
  { name: 'lists.range', params: [int], result: listOf(int), plain: true, call: range },
];

const sets: Form[] = [
  {
    name: 'sets.contains',
    params: [listOf(A), listOf(A)],
    result: bool,
    plain: true,
    call: contains,
    cost: looksThrough,
  },
  {
    ...{ name: 'sets.equivalent', params: [listOf(A), listOf(A)], result: bool, plain: true, cost: looksThrough },
    call: (a: List, b: List) => contains(a, b) && contains(b, a),
  },
  {
    ...{ name: 'sets.intersects', params: [listOf(A), listOf(A)], result: bool, plain: true, cost: looksThrough },
    call: (a: List, b: List) => a.some((item) => b.some((other) => equal(item, other))),
  },
];

export const lists: readonly Form[] = [...byType, ...positions, ...whole, ...sets];
