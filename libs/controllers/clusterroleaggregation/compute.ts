import type { V1ClusterRole, V1PolicyRule } from '../../api/gen/types.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import { matchesLabels } from '../../api/selectors/requirement.ts';
import { sameValue } from '../../api/validation/equality.ts';

/**
 * The rules of a role that is made of others: those of all roles that its selectors find, by selector and name, each rule
 * once.
 */
export function aggregatedRules(role: V1ClusterRole, all: readonly V1ClusterRole[]): V1PolicyRule[] {
  const rules: V1PolicyRule[] = [];
  const others = all
    .filter((other) => other.metadata?.name !== role.metadata?.name)
    .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
  for (const labels of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorOf(labels);
    for (const other of others) {
      if (!matchesLabels(selector, other.metadata?.labels ?? {})) continue;
      for (const rule of other.rules ?? []) if (!rules.some((known) => sameValue(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
