import type { RbacV1Subject, V1ClusterRole, V1PolicyRule, V1RoleBinding } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import { sameValue } from '../api/validation/equality.ts';
import { rulesCover } from './rbac.ts';

type Granting = KubeObject &
  Partial<Pick<V1ClusterRole, 'rules' | 'aggregationRule'> & Pick<V1RoleBinding, 'roleRef' | 'subjects'>>;

const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** What a role or binding that every cluster has must become. */
export type Reconciliation =
  | { readonly action: 'keep' }
  | { readonly action: 'update'; readonly object: KubeObject }
  /** A binding cannot be made to refer to another role. */
  | { readonly action: 'replace' };

/**
 * Brings an object up to what this version grants, and takes nothing away that people have added. Whoever does not want
 * that says so by its `autoupdate` annotation.
 */
export function reconciled(existing: KubeObject, wanted: KubeObject): Reconciliation {
  if (existing.metadata?.annotations?.[autoupdate] === 'false') return { action: 'keep' };
  const now: Granting = existing;
  const then: Granting = wanted;
  if (now.roleRef && !sameReference(now.roleRef, then.roleRef)) return { action: 'replace' };
  const next: Granting = {
    ...now,
    metadata: {
      ...now.metadata,
      labels: together(now.metadata?.labels, then.metadata?.labels),
      annotations: together(then.metadata?.annotations, now.metadata?.annotations),
    },
  };
  if (then.aggregationRule) next.aggregationRule = aggregation(now, then);
  else if (then.rules) next.rules = [...(now.rules ?? []), ...missingRules(now.rules ?? [], then.rules)];
  if (then.subjects) next.subjects = [...(now.subjects ?? []), ...missingSubjects(now.subjects ?? [], then.subjects)];
  return sameValue(next, now) ? { action: 'keep' } : { action: 'update', object: next };
}

type Texts = Record<string, string>;

function together(first: Texts | undefined, second: Texts | undefined): Texts | undefined {
  return first || second ? { ...first, ...second } : undefined;
}

function sameReference(now: V1RoleBinding['roleRef'], then: V1RoleBinding['roleRef'] | undefined): boolean {
  return now.kind === then?.kind && now.name === then.name;
}

function aggregation(now: Granting, then: Granting): V1ClusterRole['aggregationRule'] {
  const selectors = now.aggregationRule?.clusterRoleSelectors ?? [];
  const added = (then.aggregationRule?.clusterRoleSelectors ?? []).filter(
    (wanted) => !selectors.some((known) => sameValue(known, wanted)),
  );
  return { clusterRoleSelectors: [...selectors, ...added] };
}

function missingRules(now: readonly V1PolicyRule[], then: readonly V1PolicyRule[]): V1PolicyRule[] {
  return then.filter((rule) => !rulesCover(now, rule));
}

function missingSubjects(now: readonly RbacV1Subject[], then: readonly RbacV1Subject[]): RbacV1Subject[] {
  const same = (a: RbacV1Subject, b: RbacV1Subject) =>
    a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '');
  return then.filter((wanted) => !now.some((known) => same(known, wanted)));
}
