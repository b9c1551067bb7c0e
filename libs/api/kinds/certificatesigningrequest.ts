import type { ResourceDefinition } from '../definition.ts';
import type {
  V1CertificateSigningRequest,
  V1CertificateSigningRequestCondition,
  V1CertificateSigningRequestSpec,
} from '../gen/types.ts';
import { sameValue } from '../validation/equality.ts';
import { metadata } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import type { Report } from '../validation/report.ts';
import { always, fields, present, type Rule, required } from '../validation/rule.ts';
import { signerName } from '../validation/signers.ts';
import { humanDuration, nameColumn, since, text } from './cells.ts';

const EXPIRATION_SECONDS_MIN = 600;
const SECOND_MS = 1000;

/** Uses of a certificate (RFC 5280, sections 4.2.1.3 and 4.2.1.12). */
const USAGES = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
];

const request: Rule<string> = (base64, at) => {
  const pem = Buffer.from(base64, 'base64').toString();
  if (!/-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.test(pem)) {
    at.invalid('must be a certificate request in PEM');
  }
};

const usages: Rule<readonly string[]> = (list, at) => {
  list.forEach((usage, i) => {
    if (!USAGES.includes(usage)) at.notSupported(USAGES, i);
    if (list.indexOf(usage) < i) at.duplicate(usage, i);
  });
};

const spec: Rule<V1CertificateSigningRequestSpec> = fields<V1CertificateSigningRequestSpec>({
  request: always((base64, at, context) => request(base64 ?? '', at, context)),
  usages: required(usages),
  signerName: required(signerName),
  expirationSeconds: (seconds: number, at) => {
    if (seconds < EXPIRATION_SECONDS_MIN) at.invalid('must be at least 10 minutes');
  },
});

function conditions(list: readonly V1CertificateSigningRequestCondition[] | undefined, at: Report): void {
  const types = new Set<string>();
  list?.forEach((condition, i) => {
    const place = ['status', 'conditions', i];
    if (!condition.type) at.required('', ...place, 'type');
    if (condition.status === undefined || condition.status === '') at.required('', ...place, 'status');
    if (types.has(condition.type)) at.duplicate(condition.type, ...place, 'type');
    types.add(condition.type);
  });
  if (types.has('Approved') && types.has('Denied'))
    at.invalid('Approved and Denied exclude each other', 'status', 'conditions');
}

function conditionCell({ status }: V1CertificateSigningRequest): string {
  const has = (type: string) => !!status?.conditions?.some((condition) => condition.type === type);
  const word = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  const words = [word, ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])];
  return words.join(',');
}

/** Only approval adds and changes these; its status keeps them as they were. */
const DECISIONS = ['Approved', 'Denied'];

/** Decisions cannot be taken back. */
function decisionsStay(object: V1CertificateSigningRequest, previous: V1CertificateSigningRequest, at: Report): void {
  const types = (csr: V1CertificateSigningRequest) => csr.status?.conditions?.map(({ type }) => type) ?? [];
  const now = types(object);
  for (const type of types(previous)) {
    if (!now.includes(type)) at.forbidden(`${type} stays once it is set`, 'status', 'conditions');
  }
}

const approvalRules = validations<V1CertificateSigningRequest>({
  metadata: metadata({ name: pathSegment, namespaced: false }),
  after(object, previous, at) {
    conditions(object.status?.conditions, at);
    decisionsStay(object, previous, at);
  },
});

function keepDecisions(draft: V1CertificateSigningRequest, previous: V1CertificateSigningRequest): void {
  const decided = previous.status?.conditions?.filter(({ type }) => DECISIONS.includes(type)) ?? [];
  const others = draft.status?.conditions?.filter(({ type }) => !DECISIONS.includes(type)) ?? [];
  if (decided.length + others.length === 0 && !draft.status) return;
  draft.status = { ...draft.status, conditions: [...decided, ...others] };
}

export const certificatesigningrequests: ResourceDefinition<V1CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  namespaced: false,
  type: 'V1CertificateSigningRequest',
  hasStatus: true,
  subresources: [{ name: 'approval', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] }],
  prepareForCreate(draft) {
    draft.status = {};
  },
  prepareForUpdate(draft, previous) {
    draft.spec = previous.spec;
    draft.status = previous.status;
  },
  prepareForStatusUpdate(draft, previous) {
    draft.spec = previous.spec;
    keepDecisions(draft, previous);
  },
  updatesBy: {
    approval: {
      prepare(draft, previous) {
        draft.spec = previous.spec;
        draft.status = { ...previous.status, conditions: draft.status?.conditions };
      },
      validate: (draft, previous) => approvalRules.validateUpdate!(draft, previous),
    },
  },
  ...validations<V1CertificateSigningRequest>({
    metadata: metadata({ name: pathSegment, namespaced: false }),
    created: fields<V1CertificateSigningRequest>({ spec: present(spec) }),
    after: immutable<V1CertificateSigningRequest>('spec'),
    status(object, previous, at) {
      conditions(object.status?.conditions, at);
      const issued = previous.status?.certificate;
      if (issued && !sameValue(issued, object.status?.certificate))
        at.forbidden('stays as it was issued', 'status', 'certificate');
    },
  }),
  columns: [
    nameColumn,
    text('Age', 'Time since the request was made.', (object) => since(object.metadata?.creationTimestamp)),
    text('SignerName', 'Who is to sign it.', (object) => object.spec.signerName || '<none>'),
    text('Requestor', 'Who made it.', (object) => object.spec.username ?? ''),
    text('RequestedDuration', 'How long the certificate should last.', ({ spec: { expirationSeconds: seconds } }) =>
      seconds === undefined ? '<none>' : humanDuration(seconds * SECOND_MS),
    ),
    text('Condition', 'How it stands.', conditionCell),
  ],
  selectableFields: { 'spec.signerName': (object) => object.spec.signerName ?? '' },
};
