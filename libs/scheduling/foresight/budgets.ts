import type { V1Pod, V1PodDisruptionBudget } from '../../api/gen/types.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import { matchesLabels } from '../../api/selectors/requirement.ts';

/** Disruption budgets as they are spent, eviction by eviction, in thought. */
export class BudgetLedger {
  private readonly budgets: readonly V1PodDisruptionBudget[];
  private readonly spent = new Map<V1PodDisruptionBudget, number>();

  constructor(budgets: readonly V1PodDisruptionBudget[]) {
    this.budgets = budgets;
  }

  /** Why the pod may not be evicted now; undefined when it may. */
  objection(pod: V1Pod): string | undefined {
    // What has not started, or has ended, may always go.
    if (pod.status?.phase !== undefined && pod.status.phase !== 'Running') return undefined;
    const own = this.of(pod);
    if (own.length > 1) return 'it has more than one disruption budget, which evictions do not support';
    const [budget] = own;
    if (budget === undefined || this.left(budget) > 0) return undefined;
    const { desiredHealthy = 0, currentHealthy = 0 } = budget.status ?? {};
    const name = `${budget.metadata?.namespace}/${budget.metadata?.name}`;
    return `budget ${name} allows no disruption: it needs ${desiredHealthy} healthy pods and has ${currentHealthy}`;
  }

  /** The pod goes and nothing healthy takes its place. */
  spend(pod: V1Pod): void {
    for (const budget of this.of(pod)) this.spent.set(budget, (this.spent.get(budget) ?? 0) + 1);
  }

  private left(budget: V1PodDisruptionBudget): number {
    return (budget.status?.disruptionsAllowed ?? 0) - (this.spent.get(budget) ?? 0);
  }

  private of({ metadata }: V1Pod): V1PodDisruptionBudget[] {
    return this.budgets.filter(
      (budget) =>
        budget.metadata?.namespace === metadata?.namespace &&
        matchesLabels(labelSelectorOf(budget.spec?.selector), metadata?.labels ?? {}),
    );
  }
}
