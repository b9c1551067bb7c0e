import type { V1LabelSelector, V1PodTemplateSpec } from '../gen/types.ts';
import { isEmptySelector, labelSelector, selects } from './labels.ts';
import { labelValue, qualifiedName } from './names.ts';
import { podTemplate } from './pod/template.ts';
import type { Report } from './report.ts';
import { below, type Rule } from './rule.ts';

/** Whether the selector could be evaluated at all. */
export function isSoundSelector(selector: V1LabelSelector | undefined): boolean {
  if (!selector) return true;
  const labelsSound = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => qualifiedName(key).length === 0 && labelValue(value).length === 0,
  );
  return labelsSound && (selector.matchExpressions ?? []).every(isSoundRequirement);
}

function isSoundRequirement({
  key,
  operator,
  values = [],
}: {
  key: string;
  operator: string;
  values?: string[];
}): boolean {
  if (qualifiedName(key ?? '').length > 0 || values.some((value) => labelValue(value).length > 0)) return false;
  if (operator === 'In' || operator === 'NotIn') return values.length > 0;
  return (operator === 'Exists' || operator === 'DoesNotExist') && values.length === 0;
}

/** The selector of a workload must select something. */
export function workloadSelector(selector: V1LabelSelector | undefined, at: Report) {
  if (!selector) return at.required('', 'selector');
  below(at, 'selector', selector, labelSelector, undefined);
  if (isEmptySelector(selector)) at.invalid('selects everything', 'selector');
}

/** Pods of the template must be found by the selector. */
export function templateIsSelected(
  template: V1PodTemplateSpec | undefined,
  selector: V1LabelSelector | undefined,
  at: Report,
): void {
  if (selector && isEmptySelector(selector)) return;
  if (selector && selects(selector, template?.metadata?.labels ?? {})) return;
  at.invalid('is not selected by the selector', 'template', 'metadata', 'labels');
}

/** Pods that a controller replaces are restarted for ever. */
export function alwaysRunning(template: V1PodTemplateSpec | undefined, at: Report): void {
  if (template?.spec?.restartPolicy !== 'Always') at.notSupported(['Always'], 'template', 'spec', 'restartPolicy');
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    at.forbidden('not for pods that are replaced', 'template', 'spec', 'activeDeadlineSeconds');
  }
}

const template = podTemplate();

interface WorkloadSpec {
  selector?: V1LabelSelector;
  template?: V1PodTemplateSpec;
}

/** Selector and template of a workload whose pods are replaced when they end. */
export const selectorAndTemplate: Rule<WorkloadSpec> = (spec, at, context) => {
  workloadSelector(spec.selector, at);
  if (!isSoundSelector(spec.selector)) return at.invalid('cannot be evaluated', 'selector');
  templateIsSelected(spec.template, spec.selector, at);
  below(at, 'template', spec.template ?? ({} as V1PodTemplateSpec), template, context);
  alwaysRunning(spec.template, at);
};

/** An amount of pods: a number or a percentage. */
export const amountOfPods: Rule<number | string> = (amount, at) => {
  if (typeof amount === 'number') {
    if (amount < 0) at.invalid('must not be negative');
  } else if (!/^[0-9]+%$/.test(amount)) at.invalid('must be a whole number or a percentage');
};

/** The number before the percent sign, or the amount itself. */
export function plainAmount(amount: number | string | undefined): number {
  if (typeof amount === 'string') return /^[0-9]+%?$/.test(amount) ? Number.parseInt(amount, 10) : 0;
  return amount ?? 0;
}

export const atMostAll: Rule<number | string> = (amount, at) => {
  if (typeof amount === 'string' && /^[0-9]+%$/.test(amount) && plainAmount(amount) > 100) at.invalid('is over 100%');
};

/** Counters of a status: none below zero, and none above the number that bounds it. */
export function counters<T extends object>(
  names: ReadonlyArray<keyof T & string>,
  bounds: ReadonlyArray<readonly [counter: keyof T & string, bound: keyof T & string]> = [],
): (status: T | undefined, at: Report) => void {
  const read = (status: T | undefined, name: keyof T & string) => (status?.[name] as number | undefined) ?? 0;
  return (status, at) => {
    at.enter('status');
    for (const name of names) if (read(status, name) < 0) at.invalid('must not be negative', name);
    for (const [counter, bound] of bounds) {
      if (read(status, counter) > read(status, bound)) at.invalid(`cannot be greater than ${bound}`, counter);
    }
    at.leave();
  };
}

/** The count of collisions of generated names only grows. */
export function collisionsGrow(now: number | undefined, before: number | undefined, at: Report): void {
  if (before !== undefined && (now ?? 0) < before) at.invalid('cannot be decremented', 'status', 'collisionCount');
}
