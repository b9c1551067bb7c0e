import type { V1CertificateSigningRequest } from '../../api/gen/types.ts';
import {
  answeredLifeMs,
  approvingSubresources,
  certificateLifeMs,
  endMs,
  isToBeSigned,
  lifeOf,
  type RequestFacts,
  signerNames,
  signerProblem,
  waitingLifeMs,
} from './compute.ts';

const facts = (more: Partial<RequestFacts> = {}): RequestFacts => ({
  commonName: 'system:node:n1',
  organizations: ['system:nodes'],
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  ...more,
});

const csr = (spec: object, status: V1CertificateSigningRequest['status'] = {}): V1CertificateSigningRequest => ({
  metadata: { name: 'r', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    request: '',
    signerName: signerNames.kubeletClient,
    usages: ['digital signature', 'client auth'],
    username: 'system:node:n1',
    ...spec,
  },
  status,
});

const condition = (type: string) => ({ type, status: 'True', lastUpdateTime: '2026-01-02T00:00:00Z' });
const approved = { conditions: [condition('Approved')] };

const problems: Array<{ name: string; spec: object; facts?: Partial<RequestFacts>; problem: string | undefined }> = [
  { name: 'a node client', spec: {}, problem: undefined },
  {
    name: 'a node client with an RSA key',
    spec: { usages: ['client auth', 'key encipherment', 'digital signature'] },
    problem: undefined,
  },
  { name: 'a node of another group', spec: {}, facts: { organizations: ['x'] }, problem: 'organization' },
  { name: 'another name', spec: {}, facts: { commonName: 'jane' }, problem: 'system:node:' },
  { name: 'a node client with names', spec: {}, facts: { dnsNames: ['n1'] }, problem: 'DNS' },
  { name: 'a node client that serves', spec: { usages: ['digital signature', 'server auth'] }, problem: 'usages' },
  {
    name: 'a node that serves',
    spec: { signerName: signerNames.kubeletServing, usages: ['digital signature', 'server auth'] },
    facts: { ipAddresses: ['10.0.0.1'] },
    problem: undefined,
  },
  {
    name: 'a node that serves nowhere',
    spec: { signerName: signerNames.kubeletServing, usages: ['digital signature', 'server auth'] },
    problem: 'required',
  },
  { name: 'any client', spec: { signerName: signerNames.client }, facts: { commonName: 'jane' }, problem: undefined },
  {
    name: 'a client that serves too',
    spec: { signerName: signerNames.client, usages: ['client auth', 'server auth'] },
    problem: 'server auth',
  },
  {
    name: 'a client that is none',
    spec: { signerName: signerNames.client, usages: ['digital signature'] },
    problem: 'client auth',
  },
];

it.each(problems)('judges $name', ({ spec, facts: more, problem }) => {
  const found = signerProblem(csr(spec), facts(more));
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(problem);
});

it.each<[string, object, Partial<RequestFacts>, string[]]>([
  ['a node for itself', {}, {}, ['selfnodeclient', 'nodeclient']],
  ['somebody for a node', { username: 'system:bootstrap:x' }, {}, ['nodeclient']],
  ['a person', {}, { commonName: 'jane' }, []],
  ['another signer', { signerName: signerNames.client }, {}, []],
])('asks whether %s may approve', (_, spec, more, subresources) => {
  expect(approvingSubresources(csr(spec), facts(more))).toEqual(subresources);
});

it.each<[string, V1CertificateSigningRequest, boolean]>([
  ['approved', csr({}, approved), true],
  ['pending', csr({}), false],
  ['failed', csr({}, { conditions: [condition('Approved'), condition('Failed')] }), false],
  ['issued', csr({}, { ...approved, certificate: 'x' }), false],
  ['of a stranger', csr({ signerName: 'example.com/s' }, approved), false],
])('signs a request that is %s or not', (_, request, signed) => {
  expect(isToBeSigned(request)).toBe(signed);
});

it.each([
  [undefined, certificateLifeMs],
  [3600, 3_600_000],
  [1, 600_000],
  [1e9, certificateLifeMs],
])('lets a certificate of %s seconds live %s ms', (expirationSeconds, lifeMs) => {
  expect(lifeOf(csr({ expirationSeconds }))).toBe(lifeMs);
});

const created = Date.parse('2026-01-01T00:00:00Z');
const answered = Date.parse('2026-01-02T00:00:00Z');

it.each<[string, V1CertificateSigningRequest['status'], number]>([
  ['pending', {}, created + waitingLifeMs],
  ['denied', { conditions: [condition('Denied')] }, answered + answeredLifeMs],
  ['approved and never signed', approved, answered + waitingLifeMs],
  ['issued', { ...approved, certificate: 'x' }, answered + answeredLifeMs],
])('keeps a request that is %s', (_, status, end) => {
  expect(endMs(csr({}, status))).toBe(end);
});
