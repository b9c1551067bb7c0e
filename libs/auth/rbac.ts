import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1RoleRef,
} from '../api/gen/types.ts';
import { labelSelectorOf } from '../api/selectors/label-selector.ts';
import { matchesLabels } from '../api/selectors/requirement.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { Authorizer, Decision, RequestAttributes, ResourceAttributes } from './attributes.ts';
import { serviceAccountUserName, type UserInfo } from './user.ts';

const group = 'rbac.authorization.k8s.io';

/** Rules that hold in one namespace, or everywhere when it is absent. */
export interface GrantedRules {
  readonly namespace: string | undefined;
  readonly rules: readonly V1PolicyRule[];
  /** The binding that grants them, for those who ask why. */
  readonly source: string;
}

interface BindingIndex {
  readonly version: number;
  readonly bySubject: ReadonlyMap<string, readonly GrantedRules[]>;
}

const subjectKey = (kind: string, name: string) => `${kind}/${name}`;

/** Decides by Roles, ClusterRoles and their bindings. The index is made again when any of them has changed. */
export class RbacAuthorizer implements Authorizer {
  private index: BindingIndex = { version: -1, bySubject: new Map() };

  constructor(private readonly objects: ObjectReader) {}

  authorize(user: UserInfo, attributes: RequestAttributes): Decision {
    const { resource } = attributes;
    for (const granted of this.grantsOf(user)) {
      if (granted.namespace !== undefined && granted.namespace !== resource?.namespace) continue;
      const allowed = resource
        ? granted.rules.some((rule) => coversResource(rule, attributes.verb, resource))
        : granted.rules.some((rule) => coversPath(rule, attributes));
      if (allowed) return { verdict: 'allow', reason: granted.source };
    }
    return { verdict: 'none' };
  }

  /** Every rule that is granted to the user, for reviews and escalation checks. */
  *grantsOf(user: UserInfo): IterableIterator<GrantedRules> {
    const { bySubject } = this.current();
    yield* bySubject.get(subjectKey('User', user.name)) ?? [];
    for (const name of user.groups) yield* bySubject.get(subjectKey('Group', name)) ?? [];
  }

  /** The rules that a role reference stands for. */
  rulesOf(reference: V1RoleRef, namespace: string | undefined): readonly V1PolicyRule[] {
    if (reference.kind === 'ClusterRole') {
      return this.clusterRules(this.objects.get<V1ClusterRole>(group, 'clusterroles', reference.name), []);
    }
    return this.objects.get<V1Role>(group, 'roles', `${namespace}/${reference.name}`)?.rules ?? [];
  }

  /** An aggregated role has the rules of the roles that its selectors find, whether or not they are written into it. */
  private clusterRules(role: V1ClusterRole | undefined, path: readonly string[]): readonly V1PolicyRule[] {
    const name = role?.metadata?.name ?? '';
    const selectors = role?.aggregationRule?.clusterRoleSelectors;
    if (!selectors || path.includes(name)) return role?.rules ?? [];
    const wanted = selectors.map((selector) => labelSelectorOf(selector));
    return this.objects
      .list<V1ClusterRole>(group, 'clusterroles')
      .filter((one) => wanted.some((selector) => matchesLabels(selector, one.metadata?.labels ?? {})))
      .flatMap((one) => this.clusterRules(one, [...path, name]));
  }

  private current(): BindingIndex {
    const version = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']
      .map((plural) => this.objects.version(group, plural))
      .reduce((newest, one) => Math.max(newest, one));
    if (this.index.version !== version) this.index = { version, bySubject: this.build() };
    return this.index;
  }

  private build(): Map<string, GrantedRules[]> {
    const bySubject = new Map<string, GrantedRules[]>();
    const add = (binding: V1ClusterRoleBinding, rules: readonly V1PolicyRule[]) => {
      const { namespace } = binding.metadata ?? {};
      for (const subject of binding.subjects ?? []) {
        const key = keyOfSubject(subject, namespace);
        const granted = { namespace, rules, source: sourceOf(binding, subject) };
        const known = bySubject.get(key);
        if (known) known.push(granted);
        else bySubject.set(key, [granted]);
      }
    };
    for (const binding of this.objects.list<V1ClusterRoleBinding>(group, 'clusterrolebindings')) {
      add(binding, this.rulesOf(binding.roleRef, undefined));
    }
    for (const binding of this.objects.list<V1RoleBinding>(group, 'rolebindings')) {
      add(binding, this.rulesOf(binding.roleRef, binding.metadata?.namespace));
    }
    return bySubject;
  }
}

/** In upstream's words, which programs show. */
function sourceOf({ metadata, roleRef }: V1ClusterRoleBinding, subject: RbacV1Subject): string {
  const { name = '', namespace } = metadata ?? {};
  const binding = namespace === undefined ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const home = subject.kind === 'ServiceAccount' ? subject.namespace || namespace : undefined;
  const whom = home === undefined ? subject.name : `${subject.name}/${home}`;
  return `RBAC: allowed by ${binding} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${whom}"`;
}

function keyOfSubject(subject: RbacV1Subject, namespace: string | undefined): string {
  if (subject.kind !== 'ServiceAccount') return subjectKey(subject.kind, subject.name);
  return subjectKey('User', serviceAccountUserName(subject.namespace ?? namespace ?? '', subject.name));
}

function coversResource(rule: V1PolicyRule, verb: string, resource: ResourceAttributes): boolean {
  if (!has(rule.verbs, verb) || !has(rule.apiGroups, resource.group)) return false;
  if (!coversPlural(rule.resources, resource)) return false;
  if (!rule.resourceNames || rule.resourceNames.length === 0) return true;
  return resource.name !== undefined && rule.resourceNames.includes(resource.name);
}

function coversPlural(resources: readonly string[] | undefined, { plural, subresource }: ResourceAttributes): boolean {
  const wanted = subresource === undefined ? plural : `${plural}/${subresource}`;
  return (
    resources?.some(
      (one) => one === '*' || one === wanted || (subresource !== undefined && one === `*/${subresource}`),
    ) ?? false
  );
}

function coversPath(rule: V1PolicyRule, { verb, path }: RequestAttributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  return (
    rule.nonResourceURLs?.some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path)) ?? false
  );
}

function has(values: readonly string[] | undefined, wanted: string): boolean {
  return values?.some((value) => value === '*' || value === wanted) ?? false;
}

/** Whether the rules together allow all that `wanted` allows, each combination by one of them. */
export function rulesCover(rules: readonly V1PolicyRule[], wanted: V1PolicyRule): boolean {
  return singles(wanted).every((one) => rules.some((rule) => coversSingle(rule, one)));
}

interface SingleRule {
  verb: string;
  path?: string;
  resource?: { group: string; plural: string; name?: string };
}

function singles(rule: V1PolicyRule): SingleRule[] {
  const found: SingleRule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const path of rule.nonResourceURLs ?? []) found.push({ verb, path });
    for (const apiGroup of rule.apiGroups ?? []) {
      for (const plural of rule.resources ?? []) {
        const names = rule.resourceNames?.length ? rule.resourceNames : [undefined];
        for (const name of names) found.push({ verb, resource: { group: apiGroup, plural, name } });
      }
    }
  }
  return found;
}

function coversSingle(rule: V1PolicyRule, { verb, path, resource }: SingleRule): boolean {
  if (path !== undefined) return coversPath(rule, { verb, path });
  if (!resource || !has(rule.verbs, verb) || !has(rule.apiGroups, resource.group)) return false;
  const [plural = '', subresource] = resource.plural.split('/');
  if (!coversPlural(rule.resources, { group: '', version: '', plural, subresource })) return false;
  if (!rule.resourceNames || rule.resourceNames.length === 0) return true;
  return resource.name !== undefined && rule.resourceNames.includes(resource.name);
}
