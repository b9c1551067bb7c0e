import type {
  V1LabelSelector,
  V1MatchCondition,
  V1NamedRuleWithOperations,
  V1RuleWithOperations,
} from '../../gen/types.ts';
import { labelSelector } from '../../validation/labels.ts';
import { dnsSubdomain, fullyQualifiedName, pathSegment, qualifiedName } from '../../validation/names.ts';
import type { Report } from '../../validation/report.ts';
import { below, each, fields, isEmpty, oneOf, type Rule, required } from '../../validation/rule.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const MUTABLE_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const CONDITIONS_MAX = 64;

/** A list in which `*` stands for everything and so stands alone. */
function wildcardList(list: readonly string[] | undefined, at: Report, step: string, blankRefused: boolean) {
  if (isEmpty(list)) return at.required('', step);
  if (list!.length > 1 && list!.includes('*')) at.invalid("'*' stands alone", step);
  list!.forEach((item, i) => {
    if (blankRefused && item === '') at.required('', step, i);
  });
}

/** Resources with their subresources: nothing may be named that another item names already. */
function resources(list: readonly string[] | undefined, at: Report) {
  if (isEmpty(list)) return at.required('', 'resources');
  const wholeResources = new Set<string>();
  const wholeSubresources = new Set<string>();
  let plain = false;
  list!.forEach((item, i) => {
    const slash = item.indexOf('/');
    if (item === '') at.required('', 'resources', i);
    else if (slash < 0) plain = item !== '*';
    else {
      const [resource, sub] = [item.slice(0, slash), item.slice(slash + 1)];
      if (wholeResources.has(resource)) at.invalid(`'${resource}/*' says so already`, 'resources', i);
      if (wholeSubresources.has(sub)) at.invalid(`'*/${sub}' says so already`, 'resources', i);
      if (sub === '*') wholeResources.add(resource);
      if (resource === '*') wholeSubresources.add(sub);
    }
  });
  if (list!.length > 1 && list!.includes('*/*')) at.invalid("'*/*' stands alone", 'resources');
  if (list!.includes('*') && plain) at.invalid("'*' names all resources", 'resources');
}

/** Which requests a hook or policy is about. */
export const ruleWithOperations: Rule<V1RuleWithOperations> = (rule, at) => {
  if (isEmpty(rule.operations)) at.required('', 'operations');
  else if (rule.operations!.length > 1 && rule.operations!.includes('*')) at.invalid("'*' stands alone", 'operations');
  rule.operations?.forEach((operation, i) => {
    if (!OPERATIONS.includes(operation)) at.notSupported(OPERATIONS, 'operations', i);
  });
  wildcardList(rule.apiGroups, at, 'apiGroups', false);
  wildcardList(rule.apiVersions, at, 'apiVersions', true);
  resources(rule.resources, at);
  if (rule.scope !== undefined && !SCOPES.includes(rule.scope)) at.notSupported(SCOPES, 'scope');
};

const condition: Rule<V1MatchCondition> = ({ name, expression }, at) => {
  if (!expression?.trim()) at.required('', 'expression');
  if (!name) at.required('', 'name');
  else for (const complaint of qualifiedName(name)) at.invalid(complaint, 'name');
};

export const matchConditions: Rule<readonly V1MatchCondition[]> = (list, at, context) => {
  if (list.length > CONDITIONS_MAX) at.tooMany(CONDITIONS_MAX);
  const seen = new Set<string>();
  list.forEach((item, i) => {
    below(at, i, item, condition, context);
    if (item.name && seen.has(item.name)) at.duplicate(item.name, i, 'name');
    seen.add(item.name);
  });
};

export const failurePolicy = oneOf(['Fail', 'Ignore']);
export const matchPolicy = oneOf(['Equivalent', 'Exact']);

export interface ClientConfig {
  url?: string;
  service?: { name?: string; namespace?: string; path?: string; port?: number };
}

/** What a path alone cannot hold either: control characters, half an escape, a scheme without a name. */
const noPath = /\p{Cc}|%(?![0-9a-fA-F]{2})|^:/u;
const missingHost = /^\w[\w+.-]*:\/\/(?:[/?#]|$)/;

function webhookUrl(text: string, at: Report) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol ?? /^\w[\w+.-]*:/.exec(text)?.[0] ?? '';
  if (!url && (noPath.test(text) || (scheme !== '' && !missingHost.test(text)))) {
    return at.required('must be an URL', 'url');
  }
  if (scheme !== 'https:') at.invalid('must be https', 'url');
  if (!url?.host) at.invalid('must have a host', 'url');
  if (url?.username || url?.password) at.invalid('must have no user', 'url');
  if (url?.hash) at.invalid('must have no fragment', 'url');
  if (url?.search) at.invalid('must have no query', 'url');
}

function webhookService({ name, namespace, path, port = 443 }: NonNullable<ClientConfig['service']>, at: Report): void {
  if (!name) at.required('', 'service', 'name');
  if (!namespace) at.required('', 'service', 'namespace');
  if (port < 1 || port > 65535) at.invalid('must be between 1 and 65535', 'service', 'port');
  if (path === undefined || path === '' || path === '/') return;
  if (!path.startsWith('/')) at.invalid("must start with '/'", 'service', 'path');
  for (const step of path.slice(1).replace(/\/$/, '').split('/')) {
    if (step === '') at.invalid('must have no empty step', 'service', 'path');
    else for (const complaint of dnsSubdomain(step)) at.invalid(complaint, 'service', 'path');
  }
}

/** Where a hook is called: an URL or a service. Stands at the object that has the configuration. */
export function clientConfig(config: ClientConfig | undefined, at: Report, step: string) {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined)) return at.required('needs an URL or a service', step);
  at.enter(step);
  if (url !== undefined) webhookUrl(url, at);
  if (service) webhookService(service, at);
  at.leave();
}

/** A domain of three labels or more. */
export const hookName: Rule<string> = required((name, at) => {
  const complaints = fullyQualifiedName(name);
  for (const complaint of complaints) at.invalid(complaint);
  if (complaints.length === 0 && name.split('.').length < 3) at.invalid('must have three labels or more');
});

interface MatchResources {
  matchPolicy?: string;
  namespaceSelector?: V1LabelSelector;
  objectSelector?: V1LabelSelector;
  resourceRules?: V1NamedRuleWithOperations[];
  excludeResourceRules?: V1NamedRuleWithOperations[];
}

const namedRule: Rule<V1NamedRuleWithOperations> = (rule, at, context) => {
  const seen = new Set<string>();
  rule.resourceNames?.forEach((name, i) => {
    for (const complaint of pathSegment(name)) at.invalid(complaint, 'resourceNames', i);
    if (seen.has(name)) at.duplicate(name, 'resourceNames', i);
    seen.add(name);
  });
  ruleWithOperations(rule, at, context);
};

export const matchResources: Rule<MatchResources> = fields<MatchResources>({
  matchPolicy,
  namespaceSelector: labelSelector,
  objectSelector: labelSelector,
  resourceRules: each(namedRule),
  excludeResourceRules: each(namedRule),
});

/** What is deleted cannot be changed any more. */
export const mutableOperations: Rule<MatchResources> = ({ resourceRules = [] }, at) => {
  for (const operation of resourceRules.flatMap(({ operations = [] }) => operations)) {
    if (!MUTABLE_OPERATIONS.includes(operation)) at.notSupported(MUTABLE_OPERATIONS, 'resourceRules', 'operations');
  }
};

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}
