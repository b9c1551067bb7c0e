import type { V1ClusterRole, V1ClusterRoleBinding, V1PolicyRule, V1RoleBinding } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import { sameValue } from '../api/validation/equality.ts';
import type { Authorizer } from '../auth/attributes.ts';
import { type RbacAuthorizer, rulesCover } from '../auth/rbac.ts';
import { systemGroups } from '../auth/user.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import type { AdmissionPlugin } from './chain.ts';

const group = 'rbac.authorization.k8s.io';
const plurals = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'];

export interface EscalationParts {
  readonly rbac: RbacAuthorizer;
  readonly authorizer: Authorizer;
}

/** Nobody grants what they may not do themselves, unless they may `escalate` roles or `bind` them. */
export function rbacEscalation({ rbac, authorizer }: EscalationParts): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    resources: plurals.map((plural) => `${group}/${plural}`),
    validate(attributes) {
      const { operation, definition, object, previous, request, at } = attributes;
      if (operation === 'delete' || !object || request.user.groups.includes(systemGroups.masters)) return;
      if (sameGrant(object, previous)) return;
      const verb = definition.plural.endsWith('bindings') ? 'bind' : 'escalate';
      const resource = grantedResource(attributes);
      if (authorizer.authorize(request.user, { verb, resource, path: '' }).verdict === 'allow') return;
      const held = [...rbac.grantsOf(request.user)]
        .filter((grant) => grant.namespace === undefined || grant.namespace === at.namespace)
        .flatMap((grant) => grant.rules);
      const missing = grantedRules(rbac, attributes).filter((rule) => !rulesCover(held, rule));
      if (missing.length === 0) return;
      const why = `user "${request.user.name}" is attempting to grant RBAC permissions not currently held: `;
      throw forbidden(definition, at.name ?? '', why + JSON.stringify(missing));
    },
  };
}

type Grant = KubeObject &
  Partial<Pick<V1ClusterRole, 'rules' | 'aggregationRule'> & Pick<V1RoleBinding, 'roleRef' | 'subjects'>>;

function sameGrant(object: KubeObject, previous: KubeObject | undefined): boolean {
  if (!previous) return false;
  const fields: Array<keyof Grant> = ['rules', 'aggregationRule', 'roleRef', 'subjects'];
  return fields.every((field) => sameValue((object as Grant)[field], (previous as Grant)[field]));
}

/** The role that is written or referred to. */
function grantedResource({ definition, object, at }: AdmissionAttributes) {
  const { roleRef } = object as Partial<V1ClusterRoleBinding>;
  const plural = roleRef ? (roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles') : definition.plural;
  return { group, version: 'v1', plural, namespace: at.namespace, name: roleRef?.name ?? at.name };
}

function grantedRules(rbac: RbacAuthorizer, { object, at }: AdmissionAttributes): readonly V1PolicyRule[] {
  const { roleRef, rules, aggregationRule } = object as Grant;
  if (roleRef) return rbac.rulesOf(roleRef, at.namespace);
  // Whoever aggregates may come to grant anything.
  if (aggregationRule) return [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  return rules ?? [];
}
