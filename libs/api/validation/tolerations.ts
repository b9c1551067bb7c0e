import type { V1Toleration } from '../gen/types.ts';
import { labelValue, qualifiedName } from './names.ts';
import { each, type Rule } from './rule.ts';

export const TAINT_EFFECTS = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];

const toleration: Rule<V1Toleration> = (value, at) => {
  const { key, operator = '', effect, tolerationSeconds } = value;
  if (key) for (const complaint of qualifiedName(key)) at.invalid(complaint, 'key');
  else if (operator !== 'Exists') at.invalid('must be Exists when there is no key', 'operator');
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') at.invalid('must be NoExecute', 'effect');
  if (operator === '' || operator === 'Equal') {
    if (labelValue(value.value ?? '').length > 0) at.invalid('the value is no label value', 'operator');
  } else if (operator === 'Exists') {
    if (value.value) at.invalid('Exists has no value', 'operator');
  } else at.notSupported(['Equal', 'Exists'], 'operator');
  if (effect && !TAINT_EFFECTS.includes(effect)) at.notSupported(TAINT_EFFECTS, 'effect');
};

export const tolerations: Rule<readonly V1Toleration[]> = each(toleration);
