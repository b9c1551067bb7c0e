import type { Random } from '../../libs/base/random.ts';

/** One of the list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random.next() * list.length)]!;
}

export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

export const longText = 'x'.repeat(10_000);
const deepList = () => JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown;
const deepObject = () => JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) as unknown;

/** Texts that parsers of names, quantities, times, selectors, paths and patterns have fallen over somewhere. */
export const hostileTexts: readonly string[] = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '/',
    '//',
    '-',
    '_',
    '*',
    '\u0000',
    '\n',
    '\r\n',
    '\u2028',
    '\ufeff',
    '\ud83d\ude00',
    'ö',
    '%',
    '%00',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '$ref',
    '$patch',
    'null',
    'undefined',
    'NaN',
  ],
  ...['1e999999', '1e-999999', '9'.repeat(400), '0x7fffffff', '-9223372036854775809', '1Ei'.repeat(50), '1E1000000000'],
  ...[
    '2026-02-30T00:00:00Z',
    '9999-99-99T99:99:99Z',
    '0000-01-01T00:00:00Z',
    '+275760-09-13T00:00:01Z',
    '1h'.repeat(2000),
  ],
  ...[
    'a=b,c!=d,e in (f,g),!h',
    'a in (',
    ')',
    '((((((((',
    'a==b==c',
    'a,,b',
    '='.repeat(500),
    'metadata.name=a,metadata.name!=a',
  ],
  ...['(a+)+$', '(?<a>.)\\k<a>', '[', '\\', '(?:'.repeat(200), 'a{1000000}', '(.*)*b'],
  ...[
    '../../etc/passwd',
    '/dev/null',
    'file:///etc/passwd',
    'http://127.0.0.1:1/',
    'https://[::1',
    '::ffff:1.2.3.4',
    '256.256.256.256',
  ],
  ...['10.0.0.0/33', '::/129', '%s%n%x', '$(jndi:x)', '{{.}}', '<script>', "' or 1=1", 'a'.repeat(254), longText],
];

const hostileNumbers: readonly number[] = [
  ...[
    0,
    -0,
    -1,
    1.5,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53,
    2 ** 63,
    1e308,
    -1e308,
    5e-324,
    65_536,
    Number.MAX_SAFE_INTEGER,
  ],
];

/** Any JSON value, most of them no use to anybody. */
export function hostileValue(random: Random): unknown {
  const kinds: Array<() => unknown> = [
    () => pick(random, hostileTexts),
    () => pick(random, hostileNumbers),
    () => pick(random, [true, false, null]),
    () => [],
    () => ({}),
    () => [null, {}, [], pick(random, hostileTexts)],
    () => JSON.parse(`{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`) as unknown,
    () => ({ [pick(random, hostileTexts)]: pick(random, hostileTexts) }),
    () => Array.from({ length: 300 }, () => pick(random, hostileTexts)),
    deepList,
    deepObject,
  ];
  return pick(random, kinds)();
}

/** Bytes that are not what they say they are. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(random.next() * copy.length);
  const ways: Array<() => Buffer> = [
    () => copy.subarray(0, at),
    () => Buffer.concat([copy.subarray(0, at), Buffer.from([0xff, 0xfe, 0xc3, 0x28]), copy.subarray(at)]),
    () => {
      if (copy.length > 0) copy[at] = Math.floor(random.next() * 256);
      return copy;
    },
    () => Buffer.concat([copy, copy]),
    () => Buffer.concat([copy.subarray(0, at), Buffer.from('['.repeat(20_000)), copy.subarray(at)]),
    () => Buffer.alloc(0),
    () => Buffer.from(copy.toString().replaceAll('"metadata"', '"metadata":{},"metadata"')),
  ];
  return pick(random, ways)();
}
