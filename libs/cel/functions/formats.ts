import {
  asPrefix,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelValue,
  type NameCheck,
  qualifiedName,
} from '../../api/validation/names.ts';
import { fixed, matchesPattern } from '../cost-rules.ts';
import { listOf, optionalOf, string, type Type } from '../types.ts';
import { Opaque, Optional } from '../values.ts';
import type { Form } from './form.ts';
import { readUrl } from './url.ts';

const formatType: Type = { kind: 'opaque', name: 'kubernetes.NamedFormat' };

class Format extends Opaque {
  readonly typeName = 'kubernetes.NamedFormat';

  constructor(
    readonly name: string,
    readonly complaints: NameCheck,
  ) {
    super();
  }

  equals(other: Opaque): boolean {
    return other instanceof Format && other.name === this.name;
  }
}

function shape(holds: (text: string) => boolean, complaint: string): NameCheck {
  return (text) => (holds(text) ? [] : [complaint]);
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const checks: Readonly<Record<string, NameCheck>> = {
  dns1123Label: dnsLabel,
  dns1123Subdomain: dnsSubdomain,
  dns1035Label,
  qualifiedName,
  dns1123LabelPrefix: asPrefix(dnsLabel),
  dns1123SubdomainPrefix: asPrefix(dnsSubdomain),
  dns1035LabelPrefix: asPrefix(dns1035Label),
  labelValue,
  uri: shape((text) => readUrl(text) !== undefined, 'invalid URI for request'),
  uuid: shape((text) => uuid.test(text), 'does not match the UUID format'),
  byte: shape((text) => text !== '' && base64.test(text), 'invalid base64'),
  date: shape(isDate, 'invalid date'),
  datetime: shape((text) => dateTime.test(text) && !Number.isNaN(Date.parse(text)), 'invalid datetime'),
};

const known = new Map(Object.entries(checks).map(([name, check]) => [name, new Format(name, check)]));

/** Formats are as dear as the longest of their patterns. */
const patternLetters = 128;

export const formats: readonly Form[] = [
  ...[...known.values()].map(
    (format): Form => ({
      name: `format.${format.name}`,
      params: [],
      result: formatType,
      plain: true,
      call: () => format,
    }),
  ),
  {
    ...{ name: 'format.named', params: [string], result: optionalOf(formatType), plain: true },
    call: (name: string) => Optional.of(known.get(name)),
  },
  {
    ...{ name: 'validate', params: [formatType, string], result: optionalOf(listOf(string)) },
    call: ({ complaints }: Format, text: string) => {
      const found = complaints(text);
      return Optional.of(found.length > 0 ? found : undefined);
    },
    cost: ([, text]) => matchesPattern([text ?? { size: fixed(0) }, { size: fixed(patternLetters) }]),
  },
];
