import type { ResourceDefinition } from '../definition.ts';
import type { V1PodDisruptionBudget, V1PodDisruptionBudgetSpec, V1PodDisruptionBudgetStatus } from '../gen/types.ts';
import { conditions } from '../validation/conditions.ts';
import { labelSelector } from '../validation/labels.ts';
import { metadata } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { all, below, fields, oneOf, present, type Rule } from '../validation/rule.ts';
import { amountOfPods, atMostAll, counters } from '../validation/workload.ts';
import { ageColumn, integer, nameColumn, text } from './cells.ts';
import { ownStatus } from './strategy.ts';

const amount: Rule<number | string> = all<number | string>(amountOfPods, atMostAll);

const spec: Rule<V1PodDisruptionBudgetSpec> = all<V1PodDisruptionBudgetSpec>(
  (budget, at) => {
    if (budget.minAvailable !== undefined && budget.maxUnavailable !== undefined) {
      at.invalid('minAvailable and maxUnavailable exclude each other');
    }
  },
  fields<V1PodDisruptionBudgetSpec>({
    minAvailable: amount,
    maxUnavailable: amount,
    selector: labelSelector,
    unhealthyPodEvictionPolicy: oneOf(['AlwaysAllow', 'IfHealthyBudget']),
  }),
);

const counts = counters<V1PodDisruptionBudgetStatus>([
  'disruptionsAllowed',
  'currentHealthy',
  'desiredHealthy',
  'expectedPods',
]);

function orUnset(value: number | string | undefined): string {
  return value === undefined ? 'N/A' : String(value);
}

export const poddisruptionbudgets: ResourceDefinition<V1PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  updateNeedsVersion: true,
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  namespaced: true,
  type: 'V1PodDisruptionBudget',
  hasGeneration: true,
  ...ownStatus<V1PodDisruptionBudget>('V1PodDisruptionBudgetStatus'),
  ...validations<V1PodDisruptionBudget>({
    metadata: metadata({ name: pathSegment, namespaced: true, freeFinalizers: true }),
    object: fields<V1PodDisruptionBudget>({ spec: present(spec) }),
    status(budget, _previous, at) {
      at.enter('status');
      below(at, 'conditions', budget.status?.conditions, conditions, undefined);
      at.leave();
      counts(budget.status, at);
    },
  }),
  columns: [
    nameColumn,
    text('Min Available', 'Pods that must stay.', (budget) => orUnset(budget.spec?.minAvailable)),
    text('Max Unavailable', 'Pods that may be away.', (budget) => orUnset(budget.spec?.maxUnavailable)),
    integer('Allowed Disruptions', 'Pods that may go now.', (budget) => budget.status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
};
