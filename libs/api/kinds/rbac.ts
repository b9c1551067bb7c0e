import type { ResourceDefinition } from '../definition.ts';
import type {
  RbacV1Subject,
  V1AggregationRule,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1RoleRef,
} from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { sameValue } from '../validation/equality.ts';
import { labelSelector } from '../validation/labels.ts';
import { metadata } from '../validation/metadata.ts';
import { dnsSubdomain, pathSegment } from '../validation/names.ts';
import { type UpdateRule, validations } from '../validation/object.ts';
import { alwaysOneOf, each, fields, isEmpty, type Rule, required, text } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn, plainColumns, wide } from './cells.ts';

const GROUP = 'rbac.authorization.k8s.io';

function policyRule(scope: 'namespace' | 'cluster'): Rule<V1PolicyRule> {
  return (rule, at) => {
    if (isEmpty(rule.verbs)) at.required('', 'verbs');
    if (!isEmpty(rule.nonResourceURLs)) {
      if (scope === 'namespace') at.invalid('not within a namespace', 'nonResourceURLs');
      const resources = [rule.apiGroups, rule.resources, rule.resourceNames].some((list) => !isEmpty(list));
      if (resources) at.invalid('resources and URLs exclude each other', 'nonResourceURLs');
      return;
    }
    if (isEmpty(rule.apiGroups)) at.required('', 'apiGroups');
    if (isEmpty(rule.resources)) at.required('', 'resources');
  };
}

const aggregation: Rule<V1AggregationRule> = fields<V1AggregationRule>({
  clusterRoleSelectors: required(
    each((selector, at, context) => {
      const before = at.count;
      labelSelector(selector, at, context);
      if (at.count > before) at.invalid('selects nothing');
    }),
  ),
});

function roleRef(kinds: readonly string[]): Rule<V1RoleRef> {
  return fields<V1RoleRef>({
    apiGroup: alwaysOneOf([GROUP]),
    kind: alwaysOneOf(kinds),
    name: required(text(pathSegment)),
  });
}

function subject(scope: 'namespace' | 'cluster'): Rule<RbacV1Subject> {
  return (who, at) => {
    if (!who.name) at.required('', 'name');
    if (who.kind === 'ServiceAccount') {
      if (who.name) for (const complaint of dnsSubdomain(who.name)) at.invalid(complaint, 'name');
      if (who.apiGroup) at.notSupported([''], 'apiGroup');
      if (scope === 'cluster' && !who.namespace) at.required('', 'namespace');
    } else if (who.kind !== 'User' && who.kind !== 'Group')
      at.notSupported(['Group', 'ServiceAccount', 'User'], 'kind');
    else if (who.apiGroup !== GROUP) at.notSupported([GROUP], 'apiGroup');
  };
}

type Binding = KubeObject & { roleRef?: V1RoleRef; subjects?: RbacV1Subject[] };

const roleStays: UpdateRule<Binding> = (binding, previous, at) => {
  if (!sameValue(binding.roleRef, previous.roleRef)) at.invalid('cannot change', 'roleRef');
};

function defaultBinding(binding: Binding): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= GROUP;
  for (const who of binding.subjects ?? []) if (who.kind === 'User' || who.kind === 'Group') who.apiGroup ||= GROUP;
}

function subjectsCell(kind: string): (binding: Binding) => string {
  return ({ subjects = [] }) =>
    (subjects ?? [])
      .filter((who) => who.kind === kind)
      .map((who) => (kind === 'ServiceAccount' ? `${who.namespace ?? ''}/${who.name}` : who.name))
      .join(', ');
}

const bindingColumns = [
  nameColumn,
  column<Binding>('Role', 'What is granted.', ({ roleRef: role }) => `${role?.kind}/${role?.name}`),
  ageColumn,
  wide(column<Binding>('Users', 'Users it is granted to.', subjectsCell('User'))),
  wide(column<Binding>('Groups', 'Groups it is granted to.', subjectsCell('Group'))),
  wide(column<Binding>('ServiceAccounts', 'Service accounts it is granted to.', subjectsCell('ServiceAccount'))),
];

const inNamespace = metadata({ name: pathSegment, namespaced: true });
const inCluster = metadata({ name: pathSegment, namespaced: false });

export const roles: ResourceDefinition<V1Role> = {
  group: GROUP,
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  namespaced: true,
  type: 'V1Role',
  ...validations<V1Role>({ metadata: inNamespace, object: fields<V1Role>({ rules: each(policyRule('namespace')) }) }),
  columns: plainColumns,
};

export const clusterroles: ResourceDefinition<V1ClusterRole> = {
  group: GROUP,
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  namespaced: false,
  type: 'V1ClusterRole',
  ...validations<V1ClusterRole>({
    metadata: inCluster,
    object: fields<V1ClusterRole>({ rules: each(policyRule('cluster')), aggregationRule: aggregation }),
  }),
  columns: plainColumns,
};

export const rolebindings: ResourceDefinition<V1RoleBinding> = {
  group: GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  singular: 'rolebinding',
  namespaced: true,
  type: 'V1RoleBinding',
  setDefaults: defaultBinding,
  ...validations<V1RoleBinding>({
    metadata: inNamespace,
    object: fields<V1RoleBinding>({ roleRef: roleRef(['Role', 'ClusterRole']), subjects: each(subject('namespace')) }),
    after: roleStays,
  }),
  columns: bindingColumns,
};

export const clusterrolebindings: ResourceDefinition<V1ClusterRoleBinding> = {
  group: GROUP,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  namespaced: false,
  type: 'V1ClusterRoleBinding',
  setDefaults: defaultBinding,
  ...validations<V1ClusterRoleBinding>({
    metadata: inCluster,
    object: fields<V1ClusterRoleBinding>({ roleRef: roleRef(['ClusterRole']), subjects: each(subject('cluster')) }),
    after: roleStays,
  }),
  columns: bindingColumns,
};
