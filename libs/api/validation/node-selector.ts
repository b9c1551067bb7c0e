import type { V1NodeSelector, V1NodeSelectorRequirement, V1NodeSelectorTerm } from '../gen/types.ts';
import { labelKeyAt } from './labels.ts';
import { dnsSubdomain, labelValue } from './names.ts';
import { each, fields, isEmpty, type Rule, required } from './rule.ts';

/** A condition on a node's labels. */
function labelRequirement(values: 'checked' | 'free'): Rule<V1NodeSelectorRequirement> {
  return (requirement, at) => {
    const count = requirement.values?.length ?? 0;
    switch (requirement.operator) {
      case 'In':
      case 'NotIn':
        if (count === 0) at.required('needed by this operator', 'values');
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (count > 0) at.forbidden('not for this operator', 'values');
        break;
      case 'Gt':
      case 'Lt':
        if (count !== 1) at.required('this operator needs one value', 'values');
        break;
      default:
        at.invalid('is not an operator of selectors', 'operator');
    }
    labelKeyAt(requirement.key, at, 'key');
    if (values === 'free') return;
    requirement.values?.forEach((value, i) => {
      for (const complaint of labelValue(value)) at.invalid(complaint, 'values', i);
    });
  };
}

/** A condition on a node's fields, of which only the name can be asked for. */
const fieldRequirement: Rule<V1NodeSelectorRequirement> = (requirement, at) => {
  if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
    at.invalid('is not an operator of field selectors', 'operator');
  } else if (requirement.values?.length !== 1) at.required('needs one value', 'values');
  if (requirement.key !== 'metadata.name') return at.invalid('is no field to select nodes by', 'key');
  requirement.values?.forEach((value, i) => {
    for (const complaint of dnsSubdomain(value)) at.invalid(complaint, 'values', i);
  });
};

function term(values: 'checked' | 'free'): Rule<V1NodeSelectorTerm> {
  return fields<V1NodeSelectorTerm>({
    matchExpressions: each(labelRequirement(values)),
    matchFields: each(fieldRequirement),
  });
}

/** For preferences, whose values were never checked. */
export const looseNodeSelectorTerm = term('free');

export const nodeSelector: Rule<V1NodeSelector> = fields<V1NodeSelector>({
  nodeSelectorTerms: required(each(term('checked'))),
});

export const looseNodeSelector: Rule<V1NodeSelector> = fields<V1NodeSelector>({
  nodeSelectorTerms: required(each(looseNodeSelectorTerm)),
});

/** Whether stored terms hold values that are no label values; such terms may stay as they are. */
export function hasInvalidNodeValues(selector: V1NodeSelector | undefined): boolean {
  return !!selector?.nodeSelectorTerms?.some((t) =>
    t.matchExpressions?.some((e) => !isEmpty(e.values) && e.values!.some((value) => labelValue(value).length > 0)),
  );
}
