export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

/** One condition on one label. `In` and `NotIn` have values, `Gt` and `Lt` one whole number. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** Conditions that must all hold; none means everything. Indexes look for an `In` with few values. */
export type LabelSelector = readonly Requirement[];

/** What matches nothing: a selector that is absent where the API says that absence selects no object. */
export const nothing: LabelSelector = [{ key: '', operator: 'In', values: [] }];

export const everything: LabelSelector = [];

type Labels = Readonly<Record<string, string>> | undefined;

const wholeNumber = /^[+-]?\d+$/;

function comparesAs(requirement: Requirement, value: string, sign: 1 | -1): boolean {
  const bound = requirement.values[0] ?? '';
  if (!wholeNumber.test(value) || !wholeNumber.test(bound)) return false;
  const difference = BigInt(value) - BigInt(bound);
  return sign === 1 ? difference > 0n : difference < 0n;
}

export function satisfies(requirement: Requirement, labels: Labels): boolean {
  const present = labels !== undefined && Object.hasOwn(labels, requirement.key);
  const value = present ? (labels[requirement.key] ?? '') : '';
  switch (requirement.operator) {
    case 'In':
      return present && requirement.values.includes(value);
    case 'NotIn':
      return !present || !requirement.values.includes(value);
    case 'Exists':
      return present;
    case 'DoesNotExist':
      return !present;
    case 'Gt':
      return present && comparesAs(requirement, value, 1);
    case 'Lt':
      return present && comparesAs(requirement, value, -1);
  }
}

export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  for (const requirement of selector) if (!satisfies(requirement, labels)) return false;
  return true;
}
