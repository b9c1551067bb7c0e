import { walks, walksAndKeeps } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, listOf, mapOf, string, type Type } from '../types.ts';
import { MapValue, Opaque, type Value } from '../values.ts';
import type { Form } from './form.ts';

const urlType: Type = { kind: 'opaque', name: 'kubernetes.URL' };

/** An absolute URI or an absolute path, taken apart without changing its letters. */
class Url extends Opaque {
  readonly typeName = 'kubernetes.URL';

  constructor(
    readonly scheme: string,
    readonly host: string,
    readonly path: string,
    readonly query: string,
  ) {
    super();
  }

  get hostname(): string {
    return this.host.startsWith('[') ? this.host.slice(1, this.host.indexOf(']')) : this.host.replace(/:\d*$/, '');
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
  }

  equals(other: Opaque): boolean {
    return other instanceof Url && textOf(other) === textOf(this);
  }
}

function textOf({ scheme, host, path, query }: Url): string {
  return `${scheme}//${host}${path}?${query}`;
}

const absolute = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?]*))?([^?]*)(?:\?(.*))?$/s;
const hostPattern = /^(\[[0-9a-fA-F:.%a-zA-Z]*\]|[^\s[\]<>"\\^`{|}]*?)(:\d*)?$/;

/** Blanks, controls, and percent signs that escape nothing. */
const badLetters = /\p{Cc}|\s|%(?![0-9a-fA-F]{2})/u;

export function readUrl(text: string): Url | undefined {
  if (badLetters.test(text.split('?')[0] ?? '')) return undefined;
  const [, scheme = '', host, path = '', query = ''] = absolute.exec(text) ?? [];
  if (!scheme && !text.startsWith('/')) return undefined;
  if (host !== undefined && !hostPattern.test(host)) return undefined;
  if (scheme && host === undefined && path === '') return undefined;
  return new Url(scheme.toLowerCase(), host ?? '', path, query);
}

function urlOf(text: string): Url {
  const url = readUrl(text);
  if (url) return url;
  throw new EvaluationError(
    `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
  );
}

function escapedPath({ path }: Url): string {
  return encodeURI(path).replace(/%25([0-9a-fA-F]{2})/g, '%$1');
}

function queryOf({ query }: Url): MapValue {
  const entries = new Map<string, Value[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const values = entries.get(name) ?? [];
    values.push(value);
    entries.set(name, values);
  }
  return new MapValue(entries);
}

export const url: readonly Form[] = [
  { name: 'url', params: [string], result: urlType, plain: true, call: urlOf, cost: walksAndKeeps },
  {
    name: 'isURL',
    params: [string],
    result: bool,
    plain: true,
    call: (text: string) => readUrl(text) !== undefined,
    cost: walks(),
  },
  { name: 'getScheme', params: [urlType], result: string, call: ({ scheme }: Url) => scheme },
  { name: 'getHost', params: [urlType], result: string, call: ({ host }: Url) => host },
  { name: 'getHostname', params: [urlType], result: string, call: ({ hostname }: Url) => hostname },
  { name: 'getPort', params: [urlType], result: string, call: ({ port }: Url) => port },
  { name: 'getEscapedPath', params: [urlType], result: string, call: escapedPath },
  { name: 'getQuery', params: [urlType], result: mapOf(string, listOf(string)), call: queryOf },
];
