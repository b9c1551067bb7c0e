import { nominal } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, listOf, optionalOf, string, type Type } from '../types.ts';
import { Bytes, Duration, type List, Optional, Structure, Uint, type Value } from '../values.ts';
import type { Form } from './form.ts';

const A: Type = { kind: 'param', name: 'A' };

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Bytes) return value.octets.length === 0;
  if (value instanceof Structure) return value.size === 0;
  return Array.isArray(value) && value.length === 0;
}

function unwrapped({ value }: Optional): Value {
  if (value === undefined) throw new EvaluationError('optional.none() dereference');
  return value;
}

export const optionals: readonly Form[] = [
  { name: 'optional.of', params: [A], result: optionalOf(A), plain: true, call: (value) => Optional.of(value) },
  { name: 'optional.none', params: [], result: optionalOf(A), plain: true, call: () => Optional.none },
  {
    ...{ name: 'optional.ofNonZeroValue', params: [A], result: optionalOf(A), plain: true },
    call: (value) => (isZero(value) ? Optional.none : Optional.of(value)),
  },
  { name: 'value', params: [optionalOf(A)], result: A, call: unwrapped },
  { name: 'hasValue', params: [optionalOf(A)], result: bool, call: ({ value }: Optional) => value !== undefined },
  {
    name: 'or',
    params: [optionalOf(A), optionalOf(A)],
    result: optionalOf(A),
    call: (a: Optional, b) => (a.value === undefined ? b : a),
  },
  {
    name: 'orValue',
    params: [optionalOf(A), A],
    result: A,
    call: (a: Optional, b) => a.value ?? (a.value === undefined ? b : null),
  },
  {
    ...{ name: 'optional.unwrap', params: [listOf(optionalOf(A))], result: listOf(A), plain: true },
    call: (list: List) => (list as readonly Optional[]).flatMap(({ value }) => (value === undefined ? [] : [value])),
  },
  {
    ...{ name: 'unwrapOpt', params: [listOf(optionalOf(A))], result: listOf(A) },
    call: (list: List) => (list as readonly Optional[]).flatMap(({ value }) => (value === undefined ? [] : [value])),
  },
  {
    ...{ name: 'jsonpatch.escapeKey', params: [string], result: string, plain: true, cost: nominal },
    call: (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
  },
];
