import type { FieldError } from '../../api/definition.ts';

/** Parts of policies and hooks in the order in which upstream looks at them; parts that are not named come first. */
const partOrder: Readonly<Record<string, readonly string[]>> = {
  spec: [
    ...['failurePolicy', 'paramKind', 'matchConstraints', 'matchConditions', 'variables', 'validations'],
    ...['auditAnnotations', 'mutations', 'reinvocationPolicy'],
  ],
  webhooks: [
    ...['name', 'rules', 'failurePolicy', 'matchPolicy', 'sideEffects', 'timeoutSeconds', 'namespaceSelector'],
    ...['objectSelector', 'reinvocationPolicy', 'clientConfig', 'matchConditions', 'admissionReviewVersions'],
  ],
  matchConditions: ['expression', 'name'],
  variables: ['name', 'expression'],
  validations: ['expression', 'messageExpression', 'message', 'reason'],
  auditAnnotations: ['key', 'valueExpression'],
};

interface Place {
  /** The place of each step of the path among its siblings; steps that are not named have the first. */
  readonly steps: readonly number[];
  /** How many of the steps lead to the item that the complaint is about. */
  readonly itemDepth: number;
}

function placeOf({ field }: FieldError): Place {
  let part = '';
  let itemDepth = 0;
  const names = field.split(/[.[\]]+/).filter(Boolean);
  const steps = names.map((step, i) => {
    if (/^\d+$/.test(step)) {
      itemDepth = i + 1;
      return Number(step);
    }
    const place = (partOrder[part]?.indexOf(step) ?? -1) + 1;
    part = step;
    return place;
  });
  return { steps, itemDepth };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** A second item of one name, and a patch beside that of a mutation's type, are told last of their item. */
function isLastOfItem({ reason, field }: FieldError): boolean {
  return reason === 'FieldValueDuplicate' || /\]\.(?:applyConfiguration|jsonPatch)$/.test(field);
}

function isLater(found: FieldError, ofExpression: FieldError): boolean {
  const [one, other] = [placeOf(found), placeOf(ofExpression)];
  const depth = Math.min(one.itemDepth, other.itemDepth);
  const ofItems = compare(one.steps.slice(0, depth), other.steps.slice(0, depth));
  if (ofItems !== 0) return ofItems > 0;
  return isLastOfItem(found) || compare(one.steps, other.steps) > 0;
}

/**
 * What is wrong with the form and what is wrong with expressions, told together as upstream does: both keep the order
 * in which they were found, and each of an expression stands before the first of the form that is later.
 */
export function inOrder(found: readonly FieldError[], ofExpressions: readonly FieldError[]): FieldError[] {
  const together: FieldError[] = [];
  let next = 0;
  for (const error of ofExpressions) {
    while (next < found.length && !isLater(found[next]!, error)) together.push(found[next++]!);
    together.push(error);
  }
  return [...together, ...found.slice(next)];
}
