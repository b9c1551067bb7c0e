import { decodePlain } from '../api/decode/decode.ts';
import type { RequestAttributes, ResourceAttributes } from '../auth/attributes.ts';
import type { UserInfo } from '../auth/user.ts';

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];
export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof auditStages)[number];

/** How much is noted about one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<string>;
  readonly omitManagedFields: boolean;
}

interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface PolicyRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly string[];
  readonly omitManagedFields?: boolean;
}

interface PolicyFile {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly omitStages?: readonly string[];
  readonly omitManagedFields?: boolean;
  readonly rules?: readonly PolicyRule[];
}

const nothing: AuditDecision = { level: 'None', omitStages: new Set(), omitManagedFields: false };

/** Says how much of a request is noted: by the first rule that speaks of it. Source: Policy of audit.k8s.io/v1. */
export class AuditPolicy {
  private readonly rules: ReadonlyArray<{ rule: PolicyRule; decision: AuditDecision }>;

  /** @throws Error that says what is wrong with the file. */
  constructor(text: string) {
    const file = readPolicy(text);
    this.rules = (file.rules ?? []).map((rule) => ({
      rule,
      decision: {
        level: rule.level,
        omitStages: new Set([...(file.omitStages ?? []), ...(rule.omitStages ?? [])]),
        omitManagedFields: rule.omitManagedFields ?? file.omitManagedFields ?? false,
      },
    }));
  }

  decide(user: UserInfo | undefined, attributes: RequestAttributes): AuditDecision {
    return this.rules.find(({ rule }) => matches(rule, user, attributes))?.decision ?? nothing;
  }
}

function readPolicy(text: string): PolicyFile {
  const file = decodePlain(text, 'yaml').value as PolicyFile;
  if (file?.kind !== 'Policy' || file.apiVersion !== 'audit.k8s.io/v1') {
    throw new Error('an audit policy is of kind Policy in audit.k8s.io/v1');
  }
  if (!file.rules?.length) throw new Error('an audit policy has at least one rule');
  file.rules.forEach((rule, index) => {
    const complain = (what: string): never => {
      throw new Error(`rules[${index}] of the audit policy: ${what}`);
    };
    if (!auditLevels.includes(rule.level)) complain(`level must be one of ${auditLevels.join(', ')}`);
    const ofPaths = (rule.nonResourceURLs?.length ?? 0) > 0;
    const ofResources = (rule.resources?.length ?? 0) + (rule.namespaces?.length ?? 0) > 0;
    if (ofPaths && ofResources) complain('resources and URLs exclude each other');
    for (const stage of rule.omitStages ?? []) {
      if (!(auditStages as readonly string[]).includes(stage)) complain(`${stage} is no stage`);
    }
  });
  return file;
}

function matches(rule: PolicyRule, user: UserInfo | undefined, attributes: RequestAttributes): boolean {
  if (rule.users?.length && !(user && rule.users.includes(user.name))) return false;
  if (rule.userGroups?.length && !user?.groups.some((group) => rule.userGroups?.includes(group))) return false;
  if (rule.verbs?.length && !rule.verbs.includes(attributes.verb)) return false;
  if (rule.resources?.length || rule.namespaces?.length) return matchesResource(rule, attributes.resource);
  if (rule.nonResourceURLs?.length) return !attributes.resource && matchesPath(rule.nonResourceURLs, attributes.path);
  return true;
}

function matchesPath(urls: readonly string[], path: string): boolean {
  return urls.some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path));
}

function matchesResource(rule: PolicyRule, resource: ResourceAttributes | undefined): boolean {
  if (!resource) return false;
  if (rule.namespaces?.length && !rule.namespaces.includes(resource.namespace ?? '')) return false;
  if (!rule.resources?.length) return true;
  return rule.resources.some(({ group = '', resources = [], resourceNames = [] }) => {
    if (group !== resource.group) return false;
    if (resourceNames.length > 0 && !resourceNames.includes(resource.name ?? '')) return false;
    return resources.length === 0 || resources.some((text) => matchesPlural(text, resource));
  });
}

/** `pods`, `pods/log`, `pods` with any subresource, any resource with `/status`, or everything. */
function matchesPlural(text: string, { plural, subresource }: ResourceAttributes): boolean {
  if (text === '*' || text === (subresource === undefined ? plural : `${plural}/${subresource}`)) return true;
  const [resource, part] = text.split('/');
  if (part === undefined || subresource === undefined) return false;
  return (resource === '*' && part === subresource) || (part === '*' && resource === plural);
}
