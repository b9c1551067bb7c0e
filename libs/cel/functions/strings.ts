import { joins, replaces, searches, splits, walks, walksAndKeeps } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, dyn, int, listOf, string } from '../types.ts';
import type { List } from '../values.ts';
import type { Form } from './form.ts';
import { formatted } from './format-text.ts';

/** Texts are counted in code points. */
function letters(text: string): string[] {
  return [...text];
}

function charAt(text: string, index: bigint): string {
  const all = letters(text);
  if (index < 0n || index > all.length) throw new EvaluationError(`index out of range: ${index}`);
  return all[Number(index)] ?? '';
}

function substring(text: string, start: bigint, end?: bigint): string {
  const all = letters(text);
  const last = end ?? BigInt(all.length);
  if (start < 0n || start > all.length) throw new EvaluationError(`index out of range: ${start}`);
  if (last < 0n || last > all.length) throw new EvaluationError(`index out of range: ${last}`);
  if (start > last) throw new EvaluationError(`invalid substring range. start: ${start}, end: ${last}`);
  return all.slice(Number(start), Number(last)).join('');
}

function startsAt(text: readonly string[], part: readonly string[], at: number): boolean {
  return part.every((letter, i) => text[at + i] === letter);
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const all = letters(text);
  const wanted = letters(part);
  if (from < 0n || (wanted.length > 0 && from > all.length)) throw new EvaluationError(`index out of range: ${from}`);
  for (let at = Number(from); at + wanted.length <= all.length; at++) if (startsAt(all, wanted, at)) return BigInt(at);
  return -1n;
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const all = letters(text);
  const wanted = letters(part);
  if (from !== undefined && (from < 0n || from >= BigInt(Math.max(all.length, 1)))) {
    throw new EvaluationError(`index out of range: ${from}`);
  }
  const last = Math.min(Number(from ?? BigInt(all.length)), all.length - wanted.length);
  for (let at = last; at >= 0; at--) if (startsAt(all, wanted, at)) return BigInt(at);
  return -1n;
}

function replace(text: string, old: string, fresh: string, limit = -1n): string {
  if (limit < 0n)
    return text.split(old).length > 0 && old !== '' ? text.split(old).join(fresh) : spread(text, fresh, limit);
  if (old === '') return spread(text, fresh, limit);
  const parts = text.split(old);
  const cut = Math.min(Number(limit), parts.length - 1);
  return (
    parts.slice(0, cut + 1).join(fresh) +
    parts
      .slice(cut + 1)
      .map((part) => old + part)
      .join('')
  );
}

/** Nothing stands before every letter and at the end. */
function spread(text: string, fresh: string, limit: bigint): string {
  let left = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  const put = () => (left-- > 0 ? fresh : '');
  return (
    letters(text)
      .map((letter) => put() + letter)
      .join('') + put()
  );
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  if (limit === 1n) return [text];
  const parts = separator === '' ? letters(text) : text.split(separator);
  if (limit < 0n || parts.length <= limit) return parts;
  const count = Number(limit) - 1;
  return [...parts.slice(0, count), parts.slice(count).join(separator)];
}

function ascii(text: string, letter: RegExp, change: (letter: string) => string): string {
  return text.replace(letter, change);
}

const quotes: Readonly<Record<string, string>> = {
  ...{ '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' },
  ...{ '\\': '\\\\', '"': '\\"' },
};

function quote(text: string): string {
  return `"${letters(text)
    .map((letter) => quotes[letter] ?? letter)
    .join('')}"`;
}

const simple: readonly Form[] = [
  {
    name: 'contains',
    params: [string, string],
    result: bool,
    call: (text: string, part: string) => text.includes(part),
    cost: searches,
  },
  {
    ...{ name: 'startsWith', params: [string, string], result: bool },
    call: (text: string, part: string) => text.startsWith(part),
    cost: ([, part]) => walks()(part ? [part] : []),
  },
  {
    ...{ name: 'endsWith', params: [string, string], result: bool },
    call: (text: string, part: string) => text.endsWith(part),
    cost: ([, part]) => walks()(part ? [part] : []),
  },
  { name: 'charAt', params: [string, int], result: string, call: charAt },
  {
    name: 'indexOf',
    params: [string, string],
    result: int,
    call: (text: string, part: string) => indexOf(text, part),
    cost: walks(),
  },
  {
    name: 'indexOf',
    params: [string, string, int],
    result: int,
    call: (text: string, part: string, from: bigint) => indexOf(text, part, from),
    cost: walks(),
  },
  {
    ...{ name: 'lastIndexOf', params: [string, string], result: int, cost: walks() },
    call: (text: string, part: string) => lastIndexOf(text, part),
  },
  {
    name: 'lastIndexOf',
    params: [string, string, int],
    result: int,
    call: (text: string, part: string, from: bigint) => lastIndexOf(text, part, from),
    cost: walks(),
  },
];

const changing: readonly Form[] = [
  {
    ...{ name: 'lowerAscii', params: [string], result: string, cost: walksAndKeeps },
    call: (text: string) => ascii(text, /[A-Z]/g, (letter) => letter.toLowerCase()),
  },
  {
    ...{ name: 'upperAscii', params: [string], result: string, cost: walksAndKeeps },
    call: (text: string) => ascii(text, /[a-z]/g, (letter) => letter.toUpperCase()),
  },
  {
    ...{ name: 'replace', params: [string, string, string], result: string, cost: replaces },
    call: (text: string, old: string, fresh: string) => replace(text, old, fresh),
  },
  {
    name: 'replace',
    params: [string, string, string, int],
    result: string,
    call: (text: string, old: string, fresh: string, limit: bigint) => replace(text, old, fresh, limit),
    cost: replaces,
  },
  {
    ...{ name: 'split', params: [string, string], result: listOf(string), cost: splits },
    call: (text: string, separator: string) => split(text, separator),
  },
  {
    name: 'split',
    params: [string, string, int],
    result: listOf(string),
    call: (text: string, separator: string, limit: bigint) => split(text, separator, limit),
    cost: splits,
  },
  {
    ...{ name: 'substring', params: [string, int], result: string, cost: walksAndKeeps },
    call: (text: string, start: bigint) => substring(text, start),
  },
  {
    name: 'substring',
    params: [string, int, int],
    result: string,
    call: (text: string, start: bigint, end: bigint) => substring(text, start, end),
    cost: walksAndKeeps,
  },
  { name: 'trim', params: [string], result: string, call: (text: string) => text.trim(), cost: walksAndKeeps },
  {
    ...{ name: 'reverse', params: [string], result: string, cost: walksAndKeeps },
    call: (text: string) => letters(text).reverse().join(''),
  },
  { name: 'join', params: [listOf(string)], result: string, call: (list: List) => list.join(''), cost: joins },
  {
    ...{ name: 'join', params: [listOf(string), string], result: string, cost: joins },
    call: (list: List, separator: string) => list.join(separator),
  },
  { name: 'format', params: [string, listOf(dyn)], result: string, call: formatted, cost: walks() },
  { name: 'strings.quote', params: [string], result: string, plain: true, call: quote, cost: walks() },
];

export const strings: readonly Form[] = [...simple, ...changing];
