import type { ResourceDefinition } from '../definition.ts';
import type { V1Secret } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { configKey } from '../validation/names.ts';
import { allUpdates, immutable, validations } from '../validation/object.ts';
import { keyed, type Report } from '../validation/report.ts';
import type { Rule } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { frozenFields } from './frozen.ts';
import { keyPairComplaint } from './key-pair.ts';

const BYTES_MAX = 1024 * 1024;
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';

function isJsonObject(base64: string): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    return value === null || (typeof value === 'object' && !Array.isArray(value));
  } catch {
    return false;
  }
}

function dockerConfig(key: string): (secret: V1Secret, at: Report) => void {
  return ({ data = {} }, at) => {
    if (data[key] === undefined) at.required('', 'data', keyed(key));
    else if (!isJsonObject(data[key])) at.invalid('must be a JSON object', 'data', keyed(key));
  };
}

/** What secrets of a well-known type must hold. */
const TYPES: Readonly<Record<string, (secret: V1Secret, at: Report) => void>> = {
  'kubernetes.io/service-account-token': (secret, at) => {
    const name: unknown = secret.metadata?.annotations?.[ACCOUNT_NAME];
    if (!name) at.required('', 'metadata', 'annotations', keyed(ACCOUNT_NAME));
  },
  'kubernetes.io/dockercfg': dockerConfig('.dockercfg'),
  'kubernetes.io/dockerconfigjson': dockerConfig('.dockerconfigjson'),
  'kubernetes.io/basic-auth': ({ data = {} }, at) => {
    if ('username' in data || 'password' in data) return;
    for (const key of ['username', 'password']) at.required('', 'data', keyed(key));
  },
  'kubernetes.io/ssh-auth': ({ data = {} }, at) => {
    if (!data['ssh-privatekey']) at.required('', 'data', keyed('ssh-privatekey'));
  },
  'kubernetes.io/tls': ({ data = {} }, at) => {
    for (const key of ['tls.crt', 'tls.key']) if (!(key in data)) at.required('', 'data', keyed(key));
  },
};

const contents: Rule<V1Secret> = (secret, at) => {
  let bytes = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    for (const complaint of configKey(key)) at.invalid(complaint, 'data', keyed(key));
    bytes += Buffer.byteLength(value ?? '', 'base64');
  }
  if (bytes > BYTES_MAX) at.tooLong(BYTES_MAX, 'data');
  TYPES[secret.type ?? '']?.(secret, at);
};

export const secrets: ResourceDefinition<V1Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  namespaced: true,
  type: 'V1Secret',
  /** stringData is only for writing: it is put in data and not kept. */
  setDefaults(draft) {
    draft.type ||= 'Opaque';
    if (!draft.stringData) return;
    const written = Object.entries(draft.stringData).map(([key, value]) => {
      return [key, Buffer.from(value).toString('base64')];
    });
    // The data may be those of the stored secret, which are not to be written into.
    draft.data = { ...draft.data, ...Object.fromEntries(written) };
    delete draft.stringData;
  },
  prepareForUpdate(draft, previous) {
    draft.type ||= previous.type;
  },
  ...validations<V1Secret>({
    metadata: namespacedMetadata,
    object: contents,
    before: allUpdates(immutable<V1Secret>('type'), frozenFields<V1Secret>('data')),
    metadataAgain: true,
  }),
  warnings({ type, data }) {
    const complaint = type === 'kubernetes.io/tls' && keyPairComplaint(data?.['tls.crt'], data?.['tls.key']);
    return complaint ? [complaint] : [];
  },
  columns: [
    nameColumn,
    text('Type', 'What the secret is for.', (secret) => secret.type ?? ''),
    text('Data', 'Number of keys.', (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: (secret) => secret.type ?? '' },
};
