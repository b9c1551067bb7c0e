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

interface Placed {
  readonly error: FieldError;
  /** The place of each step of the path among its siblings. */
  readonly places: readonly number[];
  /** How many of the steps lead to the item that the complaint is about. */
  readonly itemDepth: number;
}

function placed(error: FieldError): Placed {
  const steps = error.field.split(/[.[\]]+/).filter(Boolean);
  let part = '';
  let itemDepth = 0;
  const places = steps.map((step, i) => {
    if (/^\d+$/.test(step)) {
      itemDepth = i + 1;
      return Number(step);
    }
    const place = (partOrder[part]?.indexOf(step) ?? -1) + 1;
    part = step;
    return place;
  });
  return { error, places, itemDepth };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** A second item of one name is told last of its item. */
function isLast({ reason }: FieldError): number {
  return reason === 'FieldValueDuplicate' ? 1 : 0;
}

/** What is wrong with the form and what is wrong with expressions, told together as upstream does. */
export function inOrder(found: readonly FieldError[], ofExpressions: readonly FieldError[]): FieldError[] {
  if (found.length === 0 || ofExpressions.length === 0) return [...found, ...ofExpressions];
  const all = [...found, ...ofExpressions].map(placed);
  all.sort((a, b) => {
    const depth = Math.min(a.itemDepth, b.itemDepth);
    const ofItems = compare(a.places.slice(0, depth), b.places.slice(0, depth));
    return ofItems || isLast(a.error) - isLast(b.error) || compare(a.places, b.places);
  });
  return all.map(({ error }) => error);
}
