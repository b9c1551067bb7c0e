import { StatusError } from '../../libs/base/status.ts';

/** The form of an answer that a client asked for. */
export type AnswerForm = 'object' | 'table' | 'metadata';

export interface Negotiated {
  readonly form: AnswerForm;
  /** Parameters of the media type, such as `g` and `v` of aggregated discovery. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly yaml: boolean;
}

const plain: Negotiated = { form: 'object', parameters: {}, yaml: false };
const jsonTypes = new Set(['application/json', 'application/*', '*/*', '']);
const yamlTypes = new Set(['application/yaml']);
/** Clients send few distinct Accept headers; each is read once. */
const cachedHeadersMax = 256;
const cache = new Map<string, Negotiated | undefined>();

/** The first form of the Accept header that is served. @throws StatusError NotAcceptable. */
export function negotiate(accept: string | undefined): Negotiated {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return plain;
  let found = cache.get(accept);
  if (!found && !cache.has(accept)) {
    found = firstServed(accept);
    if (cache.size < cachedHeadersMax) cache.set(accept, found);
  }
  if (!found) throw notAcceptable(!accept.includes('as='));
  return found;
}

/** `unknownType`: no media type of the header is served at all, rather than not in the form asked for. */
export function notAcceptable(unknownType = true): StatusError {
  return new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/json;stream=watch',
    unknownType ? { details: {} } : {},
  );
}

function firstServed(accept: string): Negotiated | undefined {
  for (const range of accept.split(',')) {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim());
    const parameters = Object.fromEntries(rest.map((part) => part.split('=', 2) as [string, string]));
    const yaml = yamlTypes.has(type);
    if (!yaml && !jsonTypes.has(type)) continue;
    const form = formOf(parameters);
    if (form) return { form, parameters, yaml };
  }
  return undefined;
}

function formOf({ as, g, v }: Record<string, string>): AnswerForm | undefined {
  if (as === undefined) return 'object';
  if (g === 'apidiscovery.k8s.io') return 'object';
  if (g !== 'meta.k8s.io' || v !== 'v1') return undefined;
  if (as === 'Table') return 'table';
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? 'metadata' : undefined;
}
