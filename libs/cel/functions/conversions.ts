import { nominal, walks, walksAndKeeps } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, bytes, double, duration, int, string, timestamp, uint } from '../types.ts';
import { Bytes, Duration, Timestamp, Uint } from '../values.ts';
import type { Form } from './form.ts';
import { readDuration, readTimestamp } from './times.ts';

const intMax = 2n ** 63n - 1n;
const uintMax = 2n ** 64n - 1n;

function toInt(value: bigint): bigint {
  if (value > intMax || value < -intMax - 1n) throw new EvaluationError('integer overflow');
  return value;
}

function toUint(value: bigint): Uint {
  if (value < 0n || value > uintMax) throw new EvaluationError('unsigned integer overflow');
  return new Uint(value);
}

function truncated(value: number): bigint {
  if (!Number.isFinite(value)) throw new EvaluationError('integer overflow');
  return BigInt(Math.trunc(value));
}

function integerOf(text: string, pattern: RegExp): bigint {
  if (pattern.test(text)) return BigInt(text.replace(/^\+/, ''));
  throw new EvaluationError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function doubleOf(text: string): number {
  if (/^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)$/.test(text)) return Number(text);
  const named = {
    inf: Number.POSITIVE_INFINITY,
    '+inf': Number.POSITIVE_INFINITY,
    '-inf': Number.NEGATIVE_INFINITY,
    nan: Number.NaN,
  };
  const found = (named as Record<string, number>)[text.toLowerCase().replace('infinity', 'inf')];
  if (found !== undefined) return found;
  throw new EvaluationError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function boolOf(text: string): boolean {
  if (['1', 't', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new EvaluationError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** As Go writes numbers: the shortest text that reads back as the same. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const text = String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function textOf({ octets }: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

const perSecond = 1_000_000_000n;
const toInts: Form[] = [
  { name: 'int', params: [int], result: int, plain: true, call: (value) => value },
  { name: 'int', params: [uint], result: int, plain: true, call: ({ value }: Uint) => toInt(value) },
  { name: 'int', params: [double], result: int, plain: true, call: (value: number) => toInt(truncated(value)) },
  {
    name: 'int',
    params: [string],
    result: int,
    plain: true,
    call: (text: string) => toInt(integerOf(text, /^[+-]?\d+$/)),
  },
  { name: 'int', params: [timestamp], result: int, plain: true, call: ({ nanos }: Timestamp) => nanos / perSecond },
  { name: 'int', params: [duration], result: int, plain: true, call: ({ nanos }: Duration) => nanos },
  { name: 'uint', params: [uint], result: uint, plain: true, call: (value) => value },
  { name: 'uint', params: [int], result: uint, plain: true, call: (value: bigint) => toUint(value) },
  { name: 'uint', params: [double], result: uint, plain: true, call: (value: number) => toUint(truncated(value)) },
  {
    name: 'uint',
    params: [string],
    result: uint,
    plain: true,
    call: (text: string) => toUint(integerOf(text, /^\d+$/)),
  },
];

const toOthers: Form[] = [
  { name: 'double', params: [double], result: double, plain: true, call: (value) => value },
  { name: 'double', params: [int], result: double, plain: true, call: (value: bigint) => Number(value) },
  { name: 'double', params: [uint], result: double, plain: true, call: ({ value }: Uint) => Number(value) },
  { name: 'double', params: [string], result: double, plain: true, call: doubleOf },
  { name: 'bool', params: [bool], result: bool, plain: true, call: (value) => value },
  { name: 'bool', params: [string], result: bool, plain: true, call: boolOf },
  { name: 'bytes', params: [bytes], result: bytes, plain: true, call: (value) => value },
  {
    name: 'bytes',
    params: [string],
    result: bytes,
    plain: true,
    call: (text: string) => new Bytes(Buffer.from(text)),
    cost: walks(),
  },
  { name: 'timestamp', params: [timestamp], result: timestamp, plain: true, call: (value) => value },
  { name: 'timestamp', params: [string], result: timestamp, plain: true, call: readTimestamp },
  {
    name: 'timestamp',
    params: [int],
    result: timestamp,
    plain: true,
    call: (value: bigint) => new Timestamp(value * perSecond),
  },
  { name: 'duration', params: [duration], result: duration, plain: true, call: (value) => value },
  { name: 'duration', params: [string], result: duration, plain: true, call: readDuration },
  { name: 'duration', params: [int], result: duration, plain: true, call: (value: bigint) => new Duration(value) },
];

const toTexts: Form[] = [
  { name: 'string', params: [string], result: string, plain: true, call: (value) => value, cost: walksAndKeeps },
  {
    name: 'string',
    params: [bool],
    result: string,
    plain: true,
    call: (value: boolean) => String(value),
    cost: nominal,
  },
  { name: 'string', params: [int], result: string, plain: true, call: (value: bigint) => String(value) },
  { name: 'string', params: [uint], result: string, plain: true, call: ({ value }: Uint) => String(value) },
  { name: 'string', params: [double], result: string, plain: true, call: doubleText },
  { name: 'string', params: [bytes], result: string, plain: true, call: textOf, cost: walks() },
  { name: 'string', params: [timestamp], result: string, plain: true, call: (value: Timestamp) => value.toString() },
  { name: 'string', params: [duration], result: string, plain: true, call: (value: Duration) => value.toString() },
];

export const conversions: readonly Form[] = [...toInts, ...toOthers, ...toTexts];
