import type { V1LabelSelector, V1LabelSelectorRequirement } from '../gen/types.ts';
import { labelValue, qualifiedName } from './names.ts';
import type { Report } from './report.ts';
import { each, fields, isEmpty, type Rule } from './rule.ts';

type StringMap = Readonly<Record<string, string>>;

/** Labels, and anything else that is a map from label keys to label values. All complaints stand at the map. */
export const labels: Rule<StringMap> = (map, at) => {
  for (const key in map) {
    for (const complaint of qualifiedName(key)) at.invalid(complaint);
    for (const complaint of labelValue(map[key]!)) at.invalid(complaint);
  }
};

/** A key that an absent or empty field breaks as well. */
export function labelKeyAt(value: string | undefined, at: Report, step: string): void {
  for (const complaint of qualifiedName(value ?? '')) at.invalid(complaint, step);
}

interface Requirement {
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Whether the values suit the operator; false for an operator that nobody knows. */
function valuesFor(requirement: Requirement, at: Report): boolean {
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (isEmpty(requirement.values)) at.required('needed by this operator', 'values');
      return true;
    case 'Exists':
    case 'DoesNotExist':
      if (!isEmpty(requirement.values)) at.forbidden('not for this operator', 'values');
      return true;
    default:
      return false;
  }
}

/** The checks of single requirements for those who let unknown operators pass, since newer clients may know them. */
export const selectorRequirement = {
  values: (value: Requirement, at: Report): void => void valuesFor(value, at),
  key: ({ key }: { readonly key: string }, at: Report): void => labelKeyAt(key, at, 'key'),
};

function requirement(values: 'checked' | 'free'): Rule<V1LabelSelectorRequirement> {
  return (value, at) => {
    if (!valuesFor(value, at)) at.invalid('is not an operator of selectors', 'operator');
    labelKeyAt(value.key, at, 'key');
    if (values === 'free') return;
    value.values?.forEach((item, i) => {
      for (const complaint of labelValue(item)) at.invalid(complaint, 'values', i);
    });
  };
}

export const labelSelector: Rule<V1LabelSelector> = fields<V1LabelSelector>({
  matchLabels: labels,
  matchExpressions: each(requirement('checked')),
});

/** For selectors that have been stored with values that are no label values: they may stay. */
export const looseLabelSelector: Rule<V1LabelSelector> = fields<V1LabelSelector>({
  matchLabels: labels,
  matchExpressions: each(requirement('free')),
});

export function hasInvalidLabelValue(selector: V1LabelSelector | undefined): boolean {
  return !!selector?.matchExpressions?.some((e) => e.values?.some((value) => labelValue(value).length > 0));
}

export function isEmptySelector(selector: V1LabelSelector | undefined): boolean {
  return isEmpty(selector?.matchLabels) && isEmpty(selector?.matchExpressions);
}

/** Whether labels meet a selector. An empty selector meets all. */
export function selects(selector: V1LabelSelector, map: StringMap): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (map[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((e) => meets(e, map[e.key]));
}

function meets(requirement: V1LabelSelectorRequirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && !!requirement.values?.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values?.includes(value);
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}
