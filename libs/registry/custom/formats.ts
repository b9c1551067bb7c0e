import { parseCidr, parseIp } from '../../api/validation/addresses.ts';
import { dnsLabel, dnsSubdomain } from '../../api/validation/names.ts';

type Check = (text: string) => boolean;

const matching = (pattern: RegExp): Check => {
  return (text) => pattern.test(text);
};

const word = '[a-zA-Z0-9\\p{S}\\p{L}]';
const label = `${word}(?:[a-zA-Z0-9\\p{S}\\p{L}-]{0,61}${word})?`;
const hostname = new RegExp(`^(?:${label}|(?:${label}\\.)+[a-zA-Z\\p{L}]{2,63})$`, 'u');
const hostnameLettersMax = 255;

const uuid = (version: string, variant = '[0-9a-f]') =>
  matching(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i'));

const dateTime = matching(/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/);
const units =
  'ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?';
const duration = new RegExp(`^-?(?:\\d+(?:\\.\\d+)?\\s*(?:${units}|h|hrs?|hours?|d|days?|w|wks?|weeks?)\\s*)+$`, 'i');

function isUri(text: string): boolean {
  return text.startsWith('/') || (/^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text));
}

function isbn(digits: number): Check {
  return (text) => text.replaceAll(/[\s-]/g, '').length === digits && /^[\d\s-]+[\dX]$/.test(text);
}

/** Formats of texts that are looked at; others constrain nothing. Source: OpenAPI's and JSON Schema's registries. */
const formats: Readonly<Record<string, Check>> = {
  bsonobjectid: matching(/^[0-9a-f]{24}$/i),
  uri: isUri,
  email: matching(/^[^\s@<>,;]+@[^\s@<>,;]+$/),
  hostname: (text) => text.length <= hostnameLettersMax && hostname.test(text),
  ipv4: (text) => parseIp(text)?.family === 4,
  ipv6: (text) => text.includes(':') && parseIp(text) !== undefined,
  cidr: (text) => parseCidr(text) !== undefined,
  mac: matching(/^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}|(?:\.?[0-9a-f]{2}){5})$/i),
  uuid: uuid('[0-9a-f]'),
  uuid3: uuid('3'),
  uuid4: uuid('4', '[89ab]'),
  uuid5: uuid('5', '[89ab]'),
  isbn: (text) => isbn(10)(text) || isbn(13)(text),
  isbn10: isbn(10),
  isbn13: isbn(13),
  creditcard: (text) => /^\d{13,19}$/.test(text.replaceAll(/[\s-]/g, '')),
  ssn: matching(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matching(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: matching(/^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$/),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: matching(duration),
  datetime: dateTime,
  'date-time': dateTime,
  'k8s-short-name': (text) => dnsLabel(text).length === 0,
  'k8s-long-name': (text) => dnsSubdomain(text).length === 0,
};

/** Formats of numbers. */
const numeric = new Set(['int32', 'int64', 'float', 'double']);

export function isKnownFormat(format: string): boolean {
  return numeric.has(format) || Object.hasOwn(formats, format);
}

export function hasFormat(text: string, format: string | undefined): boolean {
  if (format === undefined || !Object.hasOwn(formats, format)) return true;
  return formats[format]!(text);
}
