import type { V1ResourceRequirements } from '../gen/types.ts';
import { type Amount, amountOf, isWhole } from './amounts.ts';
import { dnsLabel, qualifiedName } from './names.ts';
import { keyed, type Report } from './report.ts';
import type { Rule } from './rule.ts';

type ResourceList = Readonly<Record<string, string>>;

const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Their steps in paths, which would otherwise be written for every container. */
const CONTAINER_STEPS = new Map(Array.from(CONTAINER_RESOURCES, (name) => [name, keyed(name)] as const));

/** Resources that are counted, so that a part of one makes no sense. */
const COUNTED_RESOURCES = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export const QUOTA_RESOURCES = new Set([
  ...COUNTED_RESOURCES,
  ...CONTAINER_RESOURCES,
  ...['requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
]);

const STANDARD_RESOURCES = new Set([...QUOTA_RESOURCES, 'storage']);

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

function isHugePagesOfQuota(name: string): boolean {
  return isHugePages(name) || name.startsWith('requests.hugepages-');
}

/** Resources that Kubernetes itself defines, as against extended ones such as `example.org/gpu`. */
export function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

export function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
}

/** Whether limits may be above requests. */
function mayOvercommit(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

export function isQuotaResource(name: string): boolean {
  return QUOTA_RESOURCES.has(name) || isHugePagesOfQuota(name);
}

/** A name of a resource; says whether it was sound. */
export function resourceName(name: string, at: Report): boolean {
  const complaints = qualifiedName(name);
  for (const complaint of complaints) at.invalid(complaint);
  if (complaints.length > 0) return false;
  if (name.includes('/') || STANDARD_RESOURCES.has(name) || isHugePagesOfQuota(name)) return true;
  at.invalid('must be a standard resource or have a domain');
  return false;
}

export function containerResourceName(name: string, at: Report): void {
  if (CONTAINER_RESOURCES.has(name)) return;
  resourceName(name, at);
  if (!name.includes('/')) {
    if (!isHugePages(name)) at.invalid('must be a standard resource of containers');
  } else if (!isNative(name) && !isExtended(name)) at.invalid('is not a name of an extended resource');
}

export function podResourceName(name: string, at: Report): void {
  if (!resourceName(name, at)) return;
  if (name !== 'cpu' && name !== 'memory' && !isHugePages(name)) at.notSupported(['cpu', 'memory', 'hugepages-']);
}

/** How much of a resource: not negative, and whole where the resource is counted. */
export function resourceAmount(name: string, amount: Amount, at: Report, ...below: string[]): void {
  if (amount < 0n) at.invalid('must be greater than or equal to 0', ...below);
  if ((COUNTED_RESOURCES.has(name) || isExtended(name)) && !isWhole(amount)) at.invalid('must be an integer', ...below);
}

type NameRule = (name: string, at: Report) => void;

export interface ClaimNames {
  /** Names of the pod's resource claims. */
  readonly claimNames: ReadonlySet<string>;
}

/** Limits and requests of a container or pod. */
export function resourceRequirements(nameRule: NameRule): Rule<V1ResourceRequirements, ClaimNames | undefined> {
  return (resources, at, context) => {
    const limits = resources.limits ?? {};
    const requests = resources.requests ?? {};
    for (const name in limits) {
      at.enter('limits');
      oneResource(name, amountOf(limits[name]!), at, nameRule);
      at.leave();
    }
    for (const name in requests) {
      const amount = amountOf(requests[name]!);
      at.enter('requests');
      oneResource(name, amount, at, nameRule);
      at.leave();
      againstLimit(name, amount, limits[name], at);
    }
    hugePagesNeedCompute(limits, requests, at);
    if (resources.claims) claimReferences(resources.claims, at, context);
  };
}

function oneResource(name: string, amount: Amount, at: Report, nameRule: NameRule): void {
  at.enter(CONTAINER_STEPS.get(name) ?? keyed(name));
  nameRule(name, at);
  resourceAmount(name, amount, at);
  if (isHugePages(name)) {
    const page = amountOf(name.slice('hugepages-'.length), 0n);
    if (page <= 0n || !isWhole(page) || amount % page !== 0n) at.invalid('must be a whole number of pages');
  }
  at.leave();
}

function againstLimit(name: string, request: Amount, limitText: string | undefined, at: Report): void {
  if (limitText === undefined) {
    if (!mayOvercommit(name)) at.required('this resource cannot be overcommitted and needs a limit', 'limits');
    return;
  }
  const limit = amountOf(limitText);
  if (!mayOvercommit(name) && request !== limit) at.invalid(`must be equal to the limit of ${name}`, 'requests');
  else if (request > limit) at.invalid(`must be no more than the limit of ${name}`, 'requests');
}

function hugePagesNeedCompute(limits: ResourceList, requests: ResourceList, at: Report): void {
  for (const list of [limits, requests]) if ('cpu' in list || 'memory' in list) return;
  if (Object.keys(limits).some(isHugePages) || Object.keys(requests).some(isHugePages)) {
    at.forbidden('huge pages need cpu or memory beside them');
  }
}

type ClaimReference = NonNullable<V1ResourceRequirements['claims']>[number];

function claimReferences(claims: readonly ClaimReference[], at: Report, context: ClaimNames | undefined): void {
  const seen = new Set<string>();
  at.enter('claims');
  claims.forEach((claim, i) => {
    if (!claim.name) at.required('', i);
    else claimReference(claim, i, seen, at);
    if (!context?.claimNames.has(claim.name ?? '')) at.notFound(claim.name ?? '', i);
  });
  at.leave();
}

function claimReference(claim: ClaimReference, i: number, seen: Set<string>, at: Report): void {
  const { name, request } = claim;
  if (seen.has(name)) {
    at.duplicate(name, i);
    return;
  }
  if (request) for (const complaint of dnsLabel(request)) at.invalid(complaint, i, 'request');
  const key = request ? `${name}/${request}` : name;
  if (seen.has(key)) at.duplicate(key, i);
  else if (!request) for (const other of seen) if (other.startsWith(`${name}/`)) at.duplicate(name, i);
  seen.add(key);
}
