import { StatusError } from '../../libs/base/status.ts';

/** The form of an answer that a client asked for. */
export type AnswerForm = 'object' | 'table' | 'metadata';

/** How an answer is written down. */
export type Encoding = 'json' | 'yaml' | 'protobuf';

/** What tables and metadata alone say that they are; both versions look the same. */
export type MetaVersion = 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';

export interface Negotiated {
  readonly form: AnswerForm;
  readonly metaVersion: MetaVersion;
  /** Parameters of the media type, such as `g` and `v` of aggregated discovery. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly encoding: Encoding;
}

/** What can be told about an answer before its form is known. */
export interface Offer {
  /** Whether the object itself can travel as protobuf: those of custom resources cannot. */
  readonly protobuf?: boolean;
  /** Whether the object can be shown as a table: reviews and their kin cannot. */
  readonly table?: boolean;
  /** Whether all groups can be listed with all of their resources. */
  readonly discovery?: boolean;
  /** Whether a refusal goes without details, as it does for what stands beside the resources. */
  readonly plainRefusal?: boolean;
  /** Whether the answer is a list of objects or a single one; absent: its metadata are not asked for on their own. */
  readonly items?: 'one' | 'many';
}

export const protobufType = 'application/vnd.kubernetes.protobuf';

const plain: Negotiated = { form: 'object', metaVersion: 'meta.k8s.io/v1', parameters: {}, encoding: 'json' };
const encodings: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  [protobufType]: 'protobuf',
};
/** Clients send few distinct Accept headers; each is read once. */
const cachedHeadersMax = 256;
const caches = Array.from({ length: 24 }, () => new Map<string, Negotiated | undefined>());

/** The form of the Accept header that is preferred among those served. @throws StatusError NotAcceptable. */
export function negotiate(accept: string | undefined, offer: Offer = {}): Negotiated {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return plain;
  const cache = caches[cacheOf(offer)]!;
  let found = cache.get(accept);
  if (!found && !cache.has(accept)) {
    found = firstServed(accept, offer);
    if (cache.size < cachedHeadersMax) cache.set(accept, found);
  }
  if (!found) throw notAcceptable(!accept.includes('as=') && !offer.discovery && !offer.plainRefusal);
  return found;
}

function cacheOf({ protobuf, table, discovery, items }: Offer): number {
  const flags = (protobuf ? 1 : 0) + (table === false ? 2 : 0) + (discovery ? 4 : 0);
  return flags + (items === undefined ? 0 : items === 'one' ? 8 : 16);
}

/** How a Status is written: it travels in every encoding, and as JSON to those who accept none of them. */
export function statusEncoding(accept: string | undefined): Encoding {
  if (accept === undefined || !accept.includes(protobufType)) return 'json';
  try {
    return negotiate(accept, { protobuf: true }).encoding === 'protobuf' ? 'protobuf' : 'json';
  } catch {
    return 'json';
  }
}

/** `unknownType`: no media type of the header is served at all, rather than not in the form asked for. */
export function notAcceptable(unknownType = true): StatusError {
  return new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/json;stream=watch',
    unknownType ? { details: {} } : {},
  );
}

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

/** The ranges of the header, the preferred one first. Source: RFC 9110, section 12.5.1. */
function rangesOf(accept: string): MediaRange[] {
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim());
    const { q = '1', ...parameters } = Object.fromEntries(rest.map((part) => part.split('=', 2) as [string, string]));
    return { type, parameters, quality: Number(q) };
  });
  return ranges.sort((a, b) => b.quality - a.quality);
}

function firstServed(accept: string, offer: Offer): Negotiated | undefined {
  for (const { type, parameters } of rangesOf(accept)) {
    const encoding = encodings[type];
    const form = encoding && formOf(parameters, offer);
    if (!form || (form === 'table' && offer.table === false)) continue;
    if (encoding === 'protobuf' && !hasMessage(form, parameters, offer)) continue;
    const metaVersion = parameters.v === 'v1beta1' ? 'meta.k8s.io/v1beta1' : 'meta.k8s.io/v1';
    return { form, metaVersion, parameters, encoding };
  }
  return undefined;
}

/**
 * Tables hold cells of any type and so have no message, and aggregated discovery (`g`) is served as JSON; metadata has
 * one whatever it is the metadata of.
 */
function hasMessage(form: AnswerForm, { g }: Readonly<Record<string, string>>, { protobuf }: Offer): boolean {
  return form === 'metadata' || (form === 'object' && g === undefined && protobuf === true);
}

function formOf({ as, g, v }: Readonly<Record<string, string>>, { discovery, items }: Offer): AnswerForm | undefined {
  if (as === undefined) return 'object';
  if (discovery && g === 'apidiscovery.k8s.io') {
    return v === 'v2' && as === 'APIGroupDiscoveryList' ? 'object' : undefined;
  }
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined;
  if (as === 'Table') return 'table';
  if (as === 'PartialObjectMetadata') return items === 'one' ? 'metadata' : undefined;
  return as === 'PartialObjectMetadataList' && items === 'many' ? 'metadata' : undefined;
}
