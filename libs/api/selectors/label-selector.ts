import { StatusError } from '../../base/status.ts';
import type { V1LabelSelector } from '../gen/types.ts';
import { labelKeyProblem, labelValueProblem } from './names.ts';
import { everything, type LabelSelector, nothing, type Operator, type Requirement } from './requirement.ts';

function refuse(selector: string, why: string): never {
  throw new StatusError('BadRequest', `cannot read the label selector '${selector}': ${why}`);
}

const tokenPattern = /\s*(==|!=|=|!|<|>|,|\(|\)|[^\s=!<>,()]+)\s*/y;

function tokensOf(selector: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < selector.length) {
    const match = tokenPattern.exec(selector);
    if (!match) break;
    tokens.push(match[1]!);
  }
  return tokens;
}

const punctuation = new Set(['==', '!=', '=', '!', '<', '>', ',', '(', ')']);

/** Reads the string form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<9`. */
class Reader {
  private at = 0;
  private readonly tokens: string[];
  private readonly selector: string;

  constructor(selector: string) {
    this.selector = selector;
    this.tokens = tokensOf(selector);
  }

  all(): Requirement[] {
    const requirements: Requirement[] = [];
    if (this.tokens.length === 0) return requirements;
    for (;;) {
      requirements.push(this.one());
      const next = this.take();
      if (next === undefined) return requirements;
      if (next !== ',') refuse(this.selector, `expected ',' before '${next}'`);
    }
  }

  private one(): Requirement {
    const negated = this.peek() === '!';
    if (negated) this.at += 1;
    const key = this.word('a label key');
    const problem = labelKeyProblem(key);
    if (problem) refuse(this.selector, problem);
    if (negated) return { key, operator: 'DoesNotExist', values: [] };
    const sign = this.peek();
    if (sign === undefined || sign === ',') return { key, operator: 'Exists', values: [] };
    this.at += 1;
    return this.checked({ key, operator: this.operatorOf(sign), values: this.valuesAfter(sign) });
  }

  private operatorOf(sign: string): Operator {
    switch (sign) {
      case '=':
      case '==':
      case 'in':
        return 'In';
      case '!=':
      case 'notin':
        return 'NotIn';
      case '>':
        return 'Gt';
      case '<':
        return 'Lt';
      default:
        return refuse(this.selector, `'${sign}' is none of =, ==, !=, in, notin, <, >`);
    }
  }

  private valuesAfter(sign: string): string[] {
    if (sign === 'in' || sign === 'notin') return this.list();
    const next = this.peek();
    if (next === undefined || next === ',') return [''];
    return [this.word('a value')];
  }

  private list(): string[] {
    if (this.take() !== '(') refuse(this.selector, `'in' and 'notin' are followed by values in parentheses`);
    const values: string[] = [];
    for (;;) {
      const next = this.peek();
      values.push(next === ',' || next === ')' ? '' : this.word('a value'));
      const end = this.take();
      if (end === ')') return [...new Set(values)].sort();
      if (end !== ',') refuse(this.selector, `a list of values is not closed by ')'`);
    }
  }

  private checked(requirement: Requirement): Requirement {
    for (const value of requirement.values) {
      const isNumeric = requirement.operator === 'Gt' || requirement.operator === 'Lt';
      if (isNumeric && !/^[+-]?\d+$/.test(value)) refuse(this.selector, `'${value}' is not a whole number`);
      const problem = labelValueProblem(value);
      if (problem) refuse(this.selector, problem);
    }
    return requirement;
  }

  private peek(): string | undefined {
    return this.tokens[this.at];
  }

  private take(): string | undefined {
    return this.tokens[this.at++];
  }

  private word(what: string): string {
    const token = this.take();
    if (token === undefined || punctuation.has(token))
      refuse(this.selector, `expected ${what}, got '${token ?? 'the end'}'`);
    return token;
  }
}

/**
 * Reads the string form of a label selector; an empty text selects everything.
 * @throws StatusError BadRequest that says what is wrong with it.
 */
export function parseLabelSelector(text: string): LabelSelector {
  return new Reader(text).all();
}

/**
 * Requirements of a LabelSelector in an object: none of it selects nothing, an empty one everything.
 * @throws StatusError BadRequest for an operator that does not exist.
 */
export function labelSelectorOf(selector: V1LabelSelector | undefined): LabelSelector {
  if (!selector) return nothing;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const requirements: Requirement[] = Object.entries(matchLabels).map(([key, value]) => {
    return { key, operator: 'In', values: [value] };
  });
  for (const { key, operator, values = [] } of matchExpressions) {
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
      refuse(JSON.stringify(selector), `'${operator}' is none of In, NotIn, Exists, DoesNotExist`);
    }
    requirements.push({ key, operator: operator as Operator, values });
  }
  return requirements.length === 0 ? everything : requirements;
}

/** Requirements of a plain map of labels, as in Service.spec.selector. */
export function labelSelectorOfMap(labels: Readonly<Record<string, string>>): LabelSelector {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
}

const signs: Partial<Record<Operator, string>> = { Gt: '>', Lt: '<' };

function writeRequirement({ key, operator, values }: Requirement): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  if (signs[operator]) return `${key}${signs[operator]}${values[0]}`;
  if (values.length === 1) return `${key}${operator === 'In' ? '=' : '!='}${values[0]}`;
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})`;
}

/** The string form, as Scale.status.selector and table cells show it; sorted by key. */
export function writeLabelSelector(selector: LabelSelector): string {
  const inOrder = [...selector].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return inOrder.map(writeRequirement).join(',');
}
