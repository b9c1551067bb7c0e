import type { V1CertificateSigningRequest } from '../../api/gen/types.ts';

/** What a request's certificate would say about its holder; as read from the request itself. */
export interface RequestFacts {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

export const signerNames = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
} as const;

const hourMs = 3_600_000;
/** Requests that have been answered are kept this long. */
export const answeredLifeMs = hourMs;
/** Requests that nobody has answered, or approved ones that nobody has signed. */
export const waitingLifeMs = 24 * hourMs;
/** Certificates last this long when their request does not say, and at most. */
export const certificateLifeMs = 365 * 24 * hourMs;
const certificateLifeMsMin = 10 * 60_000;

type Conditions = NonNullable<NonNullable<V1CertificateSigningRequest['status']>['conditions']>;

const conditionsOf = ({ status }: V1CertificateSigningRequest): Conditions => status?.conditions ?? [];

/** Whether the request has a condition of the type that is true. */
export function has(csr: V1CertificateSigningRequest, type: 'Approved' | 'Denied' | 'Failed'): boolean {
  return conditionsOf(csr).some((condition) => condition.type === type && condition.status === 'True');
}

export function isIssued({ status }: V1CertificateSigningRequest): boolean {
  return (status?.certificate ?? '') !== '';
}

/** Whether a controller of ours signs it: it is approved, for one of our signers, and has neither failed nor been signed. */
export function isToBeSigned(csr: V1CertificateSigningRequest): boolean {
  const ours = (Object.values(signerNames) as string[]).includes(csr.spec.signerName);
  return ours && has(csr, 'Approved') && !has(csr, 'Denied') && !has(csr, 'Failed') && !isIssued(csr);
}

/** What must hold for the request's signer; a text says what does not. */
export function signerProblem(csr: V1CertificateSigningRequest, facts: RequestFacts): string | undefined {
  const usages = csr.spec.usages ?? [];
  switch (csr.spec.signerName) {
    case signerNames.kubeletClient:
      return kubeletClientProblem(facts, usages);
    case signerNames.kubeletServing:
      return kubeletServingProblem(facts, usages);
    default:
      return clientProblem(usages);
  }
}

const clientUsages = new Set(['client auth', 'digital signature', 'key encipherment']);

function clientProblem(usages: readonly string[]): string | undefined {
  if (!usages.includes('client auth')) return 'usages did not contain client auth';
  const other = usages.find((usage) => !clientUsages.has(usage));
  return other === undefined ? undefined : `usage ${other} is not allowed`;
}

function nodeProblem({ organizations, commonName }: RequestFacts): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') {
    return 'subject organization is not system:nodes';
  }
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
}

function kubeletClientProblem(facts: RequestFacts, usages: readonly string[]): string | undefined {
  const problem = nodeProblem(facts);
  if (problem) return problem;
  if (facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return exactUsages(usages, 'client auth');
}

function kubeletServingProblem(facts: RequestFacts, usages: readonly string[]): string | undefined {
  const problem = nodeProblem(facts);
  if (problem) return problem;
  if (facts.dnsNames.length + facts.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return exactUsages(usages, 'server auth');
}

/** Digital signature and the given one; key encipherment for RSA keys. */
function exactUsages(usages: readonly string[], wanted: string): string | undefined {
  const rest = new Set(usages);
  const met = rest.delete('digital signature') && rest.delete(wanted);
  rest.delete('key encipherment');
  return met && rest.size === 0 ? undefined : `usages did not match [digital signature key encipherment ${wanted}]`;
}

/** The permissions, as subresources of requests, of which one approves a node's request for itself or for another. */
export function approvingSubresources(csr: V1CertificateSigningRequest, facts: RequestFacts): string[] {
  if (csr.spec.signerName !== signerNames.kubeletClient || signerProblem(csr, facts)) return [];
  return csr.spec.username === facts.commonName ? ['selfnodeclient', 'nodeclient'] : ['nodeclient'];
}

export function lifeOf({ spec }: V1CertificateSigningRequest): number {
  if (spec.expirationSeconds === undefined) return certificateLifeMs;
  return Math.min(certificateLifeMs, Math.max(certificateLifeMsMin, spec.expirationSeconds * 1000));
}

/** When the request has been of use for long enough. */
export function endMs(csr: V1CertificateSigningRequest): number {
  const timeOf = (text: string | undefined) => Date.parse(text ?? '') || Number.POSITIVE_INFINITY;
  const ends = conditionsOf(csr).map(({ type, lastUpdateTime }) => {
    const approved = type === 'Approved';
    return timeOf(lastUpdateTime) + (approved && !isIssued(csr) ? waitingLifeMs : answeredLifeMs);
  });
  if (ends.length === 0) return timeOf(csr.metadata?.creationTimestamp) + waitingLifeMs;
  return Math.min(...ends);
}
