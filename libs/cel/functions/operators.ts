import { appends, compares, concatenates, looksThrough, nominal, picks } from '../cost-rules.ts';
import { compare, equal } from '../equality.ts';
import { EvaluationError } from '../errors.ts';
import {
  bool,
  bytes,
  double,
  duration,
  dyn,
  int,
  listOf,
  mapOf,
  optionalOf,
  string,
  type Type,
  timestamp,
  uint,
} from '../types.ts';
import {
  Bytes,
  Duration,
  isList,
  type List,
  Optional,
  Structure,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values.ts';
import type { Form } from './form.ts';

const A: Type = { kind: 'param', name: 'A' };
const K: Type = { kind: 'param', name: 'K' };

const intMin = -(2n ** 63n);
const intMax = 2n ** 63n - 1n;
const uintMax = 2n ** 64n - 1n;

function whole(value: bigint): bigint {
  if (value < intMin || value > intMax) throw new EvaluationError('integer overflow');
  return value;
}

function unsigned(value: bigint): Uint {
  if (value < 0n || value > uintMax) throw new EvaluationError('unsigned integer overflow');
  return new Uint(value);
}

function divisor(value: bigint, what: string): bigint {
  if (value === 0n) throw new EvaluationError(what);
  return value;
}

type Arithmetic = readonly [
  name: string,
  ints: (a: bigint, b: bigint) => bigint,
  doubles?: (a: number, b: number) => number,
];

const arithmetic: readonly Arithmetic[] = [
  ['_+_', (a, b) => a + b, (a, b) => a + b],
  ['_-_', (a, b) => a - b, (a, b) => a - b],
  ['_*_', (a, b) => a * b, (a, b) => a * b],
  ['_/_', (a, b) => a / divisor(b, 'division by zero'), (a, b) => a / b],
  ['_%_', (a, b) => a % divisor(b, 'modulus by zero')],
];

const numbers: Form[] = arithmetic.flatMap(([name, ints, doubles]) => {
  const forms: Form[] = [
    { name, params: [int, int], result: int, plain: true, call: (a: bigint, b: bigint) => whole(ints(a, b)) },
    {
      name,
      params: [uint, uint],
      result: uint,
      plain: true,
      call: (a: Uint, b: Uint) => unsigned(ints(a.value, b.value)),
    },
  ];
  if (doubles) forms.push({ name, params: [double, double], result: double, plain: true, call: doubles });
  return forms;
});

const sums: Form[] = [
  {
    name: '_+_',
    params: [string, string],
    result: string,
    plain: true,
    call: (a: string, b: string) => a + b,
    cost: concatenates,
  },
  {
    ...{ name: '_+_', params: [bytes, bytes], result: bytes, plain: true, cost: concatenates },
    call: (a: Bytes, b: Bytes) => new Bytes(Buffer.concat([a.octets, b.octets])),
  },
  { name: '_+_', params: [listOf(A), listOf(A)], result: listOf(A), plain: true, call: joinLists, cost: appends },
  {
    ...{ name: '_+_', params: [duration, duration], result: duration, plain: true },
    call: (a: Duration, b: Duration) => new Duration(whole(a.nanos + b.nanos)),
  },
  {
    ...{ name: '_+_', params: [timestamp, duration], result: timestamp, plain: true },
    call: (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos),
  },
  {
    ...{ name: '_+_', params: [duration, timestamp], result: timestamp, plain: true },
    call: (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos),
  },
  {
    ...{ name: '_-_', params: [duration, duration], result: duration, plain: true },
    call: (a: Duration, b: Duration) => new Duration(whole(a.nanos - b.nanos)),
  },
  {
    ...{ name: '_-_', params: [timestamp, duration], result: timestamp, plain: true },
    call: (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos),
  },
  {
    ...{ name: '_-_', params: [timestamp, timestamp], result: duration, plain: true },
    call: (a: Timestamp, b: Timestamp) => new Duration(whole(a.nanos - b.nanos)),
  },
];

/** Sets and maps take what they have not; an item that is there already is replaced, where it stands. */
function joinLists(a: List, b: List): List {
  const { identityOf } = a;
  if (!identityOf) return [...a, ...b];
  const items = new Map(a.map((item) => [identityOf(item), item]));
  for (const item of b) items.set(identityOf(item), item);
  return Object.assign([...items.values()], { identityOf });
}

const ordered: readonly Type[] = [bool, int, uint, double, string, bytes, timestamp, duration];
const numeric: readonly Type[] = [int, uint, double];
const orders: ReadonlyArray<readonly [string, (order: number) => boolean]> = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
];

function orderForm(name: string, [a, b]: readonly [Type, Type], holds: (order: number) => boolean): Form {
  const cost = a.kind === 'string' || a.kind === 'bytes' ? compares : nominal;
  return { name, params: [a, b], result: bool, plain: true, call: (x, y) => holds(compare(x, y)), cost };
}

const comparisons: Form[] = orders.flatMap(([name, holds]) => [
  ...ordered.map((type) => orderForm(name, [type, type], holds)),
  ...numeric.flatMap((a) => numeric.filter((b) => b !== a).map((b) => orderForm(name, [a, b], holds))),
]);

const others: Form[] = [
  { name: '_==_', params: [A, A], result: bool, plain: true, call: equal, cost: compares },
  { name: '_!=_', params: [A, A], result: bool, plain: true, call: (a, b) => !equal(a, b), cost: compares },
  { name: '!_', params: [bool], result: bool, plain: true, call: (a: boolean) => !a },
  { name: '-_', params: [int], result: int, plain: true, call: (a: bigint) => whole(-a) },
  { name: '-_', params: [double], result: double, plain: true, call: (a: number) => -a },
  {
    name: '-_',
    params: [duration],
    result: duration,
    plain: true,
    call: (a: Duration) => new Duration(whole(-a.nanos)),
  },
  {
    ...{ name: '@in', params: [A, listOf(A)], result: bool, plain: true, cost: looksThrough },
    call: (item: Value, list: List) => list.some((each) => equal(each, item)),
  },
  {
    ...{ name: '@in', params: [K, mapOf(K, A)], result: bool, plain: true },
    call: (key: Value, map: Structure) => map.has(key),
  },
  { name: '_[_]', params: [listOf(A), int], result: A, plain: true, call: indexed, cost: picks },
  { name: '_[_]', params: [mapOf(K, A), K], result: A, plain: true, call: indexed, cost: picks },
  { name: '_[?_]', params: [listOf(A), int], result: optionalOf(A), plain: true, call: maybeIndexed, cost: picks },
  { name: '_[?_]', params: [mapOf(K, A), K], result: optionalOf(A), plain: true, call: maybeIndexed, cost: picks },
  // Both branches have one type; evaluation takes only one of them and has its own way.
  { name: '_?_:_', params: [bool, A, A], result: A, plain: true, call: (condition, yes, no) => (condition ? yes : no) },
  { name: '_&&_', params: [bool, bool], result: bool, plain: true, call: (a, b) => a && b },
  { name: '_||_', params: [bool, bool], result: bool, plain: true, call: (a, b) => a || b },
  { name: 'dyn', params: [A], result: dyn, plain: true, call: (value) => value },
  {
    ...{ name: 'type', params: [A], result: { kind: 'type', of: A }, plain: true },
    call: (value) => new TypeValue(typeNameOf(value)),
  },
  ...[true, false].flatMap((plain) => sizes(plain)),
];

function sizes(plain: boolean): Form[] {
  const form = { name: 'size', result: int, plain };
  return [
    { ...form, params: [string], call: (text: string) => BigInt([...text].length) },
    { ...form, params: [bytes], call: (value: Bytes) => BigInt(value.octets.length) },
    { ...form, params: [listOf(A)], call: (list: List) => BigInt(list.length) },
    { ...form, params: [mapOf(K, A)], call: (map: Structure) => BigInt(map.size) },
  ];
}

/** The item at an index or key. @throws EvaluationError where there is none. */
export function indexed(operand: Value, key: Value): Value {
  const found = find(operand, key);
  if (found !== undefined) return found;
  if (operand instanceof Structure) throw new EvaluationError(`no such key: ${keyText(key)}`);
  throw new EvaluationError(`index out of bounds: ${keyText(key)}`);
}

function maybeIndexed(operand: Value, key: Value): Optional {
  return Optional.of(find(operand, key));
}

function find(operand: Value, key: Value): Value | undefined {
  if (operand instanceof Structure) return operand.get(key);
  if (!isList(operand)) throw new EvaluationError('no such overload');
  const at = key instanceof Uint ? key.value : key;
  if (typeof at === 'bigint' || (typeof at === 'number' && Number.isInteger(at))) return operand[Number(at)];
  throw new EvaluationError(`unsupported index type '${typeNameOf(key)}' in list`);
}

export function keyText(key: Value): string {
  return key instanceof Uint ? String(key.value) : String(key);
}

export const operators: readonly Form[] = [...numbers, ...sums, ...comparisons, ...others];
