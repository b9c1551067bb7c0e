import { walks } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, int, string, type Type } from '../types.ts';
import { Opaque } from '../values.ts';
import type { Form } from './form.ts';

const semverType: Type = { kind: 'opaque', name: 'kubernetes.Semver' };

/** A version in the form of semver.org 2.0. */
class Version extends Opaque {
  readonly typeName = 'kubernetes.Semver';

  constructor(
    readonly numbers: readonly [bigint, bigint, bigint],
    readonly prerelease: readonly string[],
  ) {
    super();
  }

  equals(other: Opaque): boolean {
    return other instanceof Version && compareVersions(this, other) === 0;
  }
}

const number = '(0|[1-9]\\d*)';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const shape = new RegExp(`^${number}\\.${number}\\.${number}(?:-(${identifiers}))?(?:\\+${identifiers})?$`);

function read(text: string): Version | undefined {
  const [, major, minor, patch, before] = shape.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const prerelease = before?.split('.') ?? [];
  if (prerelease.some((part) => /^0\d+$/.test(part))) return undefined;
  return new Version([BigInt(major), BigInt(minor), BigInt(patch)], prerelease);
}

/** Takes a leading `v`, missing parts and leading zeros away. */
function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/s.exec(text.trim()) ?? [];
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}

function versionOf(text: string): Version {
  const version = read(text);
  if (!version) throw new EvaluationError(`No Major.Minor.Patch elements found in ${JSON.stringify(text)}`);
  return version;
}

function compareVersions(a: Version, b: Version): number {
  for (const [i, own] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0n;
    if (own !== other) return own < other ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return Math.sign(b.prerelease.length - a.prerelease.length);
  for (const [i, own] of a.prerelease.entries()) {
    const other = b.prerelease[i];
    if (other === undefined) return 1;
    const order = comparePart(own, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length < b.prerelease.length ? -1 : 0;
}

/** Numbers by their value, words by their letters, and numbers before words. */
function comparePart(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [a, b].map((part) => /^\d+$/.test(part));
  if (left && right) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : 1;
}

const pair = [semverType, semverType];

export const semver: readonly Form[] = [
  { name: 'semver', params: [string], result: semverType, plain: true, call: versionOf, cost: walks() },
  {
    ...{ name: 'semver', params: [string, bool], result: semverType, plain: true, cost: walks() },
    call: (text: string, loose: boolean) => versionOf(loose ? normalized(text) : text),
  },
  {
    name: 'isSemver',
    params: [string],
    result: bool,
    plain: true,
    call: (text: string) => read(text) !== undefined,
    cost: walks(),
  },
  {
    ...{ name: 'isSemver', params: [string, bool], result: bool, plain: true, cost: walks() },
    call: (text: string, loose: boolean) => read(loose ? normalized(text) : text) !== undefined,
  },
  ...(['major', 'minor', 'patch'] as const).map(
    (name, i): Form => ({ name, params: [semverType], result: int, call: ({ numbers }: Version) => numbers[i] ?? 0n }),
  ),
  { name: 'isGreaterThan', params: pair, result: bool, call: (a: Version, b: Version) => compareVersions(a, b) > 0 },
  { name: 'isLessThan', params: pair, result: bool, call: (a: Version, b: Version) => compareVersions(a, b) < 0 },
  { name: 'compareTo', params: pair, result: int, call: (a: Version, b: Version) => BigInt(compareVersions(a, b)) },
];
