import type {
  V1JobSpec,
  V1PodFailurePolicyOnExitCodesRequirement,
  V1PodFailurePolicyOnPodConditionsPattern,
  V1PodFailurePolicyRule,
  V1SuccessPolicyRule,
} from '../../gen/types.ts';
import { qualifiedName } from '../../validation/names.ts';
import type { Report } from '../../validation/report.ts';
import { alwaysText, below, each, fields, maxItems, type Rule, requiredOneOf } from '../../validation/rule.ts';
import { countIndexes } from './indexes.ts';

const FAILURE_RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const PATTERNS_MAX = 20;
const SUCCESS_RULES_MAX = 20;
const INDEXES_LENGTH_MAX = 64 * 1024;

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

const pattern: Rule<V1PodFailurePolicyOnPodConditionsPattern> = fields<V1PodFailurePolicyOnPodConditionsPattern>({
  type: alwaysText(qualifiedName),
  status: requiredOneOf(['False', 'True', 'Unknown']),
});

const exitCodes: Rule<V1PodFailurePolicyOnExitCodesRequirement, V1JobSpec> = (codes, at, spec) => {
  const { operator, containerName } = codes;
  const values = codes.values ?? [];
  below(at, 'operator', operator ?? '', requiredOneOf(['In', 'NotIn']), undefined);
  const pod = spec.template?.spec;
  const names = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map((container) => container.name);
  if (containerName !== undefined && !names.includes(containerName)) at.invalid('is no container', 'containerName');
  if (values.length === 0) at.invalid('needs at least one value', 'values');
  else if (values.length > EXIT_CODES_MAX) at.tooMany(EXIT_CODES_MAX, 'values');
  values.forEach((value, i) => {
    if (operator === 'In' && value === 0) at.invalid('0 is no failure', 'values', i);
    if (values.indexOf(value) < i) at.duplicate(value, 'values', i);
  });
  if (values.some((value, i) => i > 0 && values[i - 1]! > value)) at.invalid('must be in order', 'values');
};

const failureRule: Rule<V1PodFailurePolicyRule, V1JobSpec> = (rule, at, spec) => {
  if (!rule.action) at.required('', 'action');
  else if (rule.action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined) at.invalid('needs backoffLimitPerIndex', 'action');
  } else if (!ACTIONS.includes(rule.action)) at.notSupported(ACTIONS, 'action');
  const conditions = rule.onPodConditions ?? [];
  below(at, 'onExitCodes', rule.onExitCodes, exitCodes, spec);
  if (conditions.length > 0) {
    below(at, 'onPodConditions', conditions, maxItems(PATTERNS_MAX), undefined);
    below(at, 'onPodConditions', conditions, each(pattern), undefined);
  }
  if (rule.onExitCodes && conditions.length > 0) at.invalid('onExitCodes and onPodConditions exclude each other');
  if (!rule.onExitCodes && conditions.length === 0) at.invalid('needs onExitCodes or onPodConditions');
};

export function failurePolicy(spec: V1JobSpec, at: Report): void {
  if (!spec.podFailurePolicy) return;
  at.enter('podFailurePolicy');
  const rules = spec.podFailurePolicy.rules ?? [];
  below(at, 'rules', rules, maxItems(FAILURE_RULES_MAX), undefined);
  below(at, 'rules', rules, each(failureRule), spec);
  at.leave();
}

const successRule: Rule<V1SuccessPolicyRule, V1JobSpec> = (
  { succeededCount: count, succeededIndexes: indexes },
  at,
  spec,
) => {
  const completions = spec.completions ?? 0;
  if (count === undefined && indexes === undefined) at.required('needs a count or indexes');
  let total = 0;
  if (indexes !== undefined) {
    if (indexes.length > INDEXES_LENGTH_MAX) at.tooLong(INDEXES_LENGTH_MAX, 'succeededIndexes');
    const counted = countIndexes(indexes, completions);
    if (counted === undefined) at.invalid('must be indexes below completions, in order', 'succeededIndexes');
    total = counted ?? 0;
  }
  if (count === undefined) return;
  if (count < 0) at.invalid('must not be negative', 'succeededCount');
  if (count > completions) at.invalid('must be at most completions', 'succeededCount');
  if (indexes !== undefined && count > total) at.invalid('must be at most the number of indexes', 'succeededCount');
};

export function successPolicy(spec: V1JobSpec, at: Report) {
  if (!spec.successPolicy) return;
  if (spec.completionMode !== 'Indexed') return at.invalid('needs Indexed completion', 'successPolicy');
  const rules = spec.successPolicy.rules ?? [];
  at.enter('successPolicy');
  if (rules.length === 0) at.required('', 'rules');
  below(at, 'rules', rules, maxItems(SUCCESS_RULES_MAX), undefined);
  below(at, 'rules', rules, each(successRule), spec);
  at.leave();
}
