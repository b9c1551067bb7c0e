import type { FieldError } from '../../api/definition.ts';
import type { V1ValidationRule } from '../../api/gen/types.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { CostError, EvaluationError } from '../../cel/errors.ts';
import { Optional, type Value } from '../../cel/values.ts';
import { itemsBefore, memberBefore } from './correlation.ts';
import type { CompiledRule, RuleNode } from './rules.ts';

/** What all rules of one object may cost together. */
export const objectCostMax = 10_000_000;
/** Longest text of a message that an expression makes. */
const messageBytesMax = 5 * 1024;

const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

export interface RuleFindings {
  readonly errors: FieldError[];
  /** What is wrong with values that were so before and are let be. */
  readonly tolerated: FieldError[];
}

/** What the rules of a schema refuse of an object. */
export function ruleErrors(root: RuleNode, object: unknown, previous: unknown): RuleFindings {
  const evaluation = new Evaluation();
  const before = previous === undefined ? undefined : previous;
  evaluation.visit(root, { path: '', value: object, before, unchanged: false });
  return evaluation;
}

interface Place {
  readonly path: string;
  readonly value: unknown;
  /** What stood here before, where that can be told. */
  readonly before: unknown;
  /** Whether the value, or something around it, is as it was. */
  readonly unchanged: boolean;
}

type Members = Readonly<Record<string, unknown>>;

class Evaluation implements RuleFindings {
  readonly errors: FieldError[] = [];
  readonly tolerated: FieldError[] = [];
  private budget = objectCostMax;
  private over = false;

  visit(node: RuleNode, place: Place): void {
    if (place.value === null || place.value === undefined || this.over) return;
    const unchanged = place.unchanged || (place.before !== undefined && sameValue(place.value, place.before));
    const here = { ...place, unchanged };
    if (node.rules.length > 0) this.evaluate(node, here);
    for (const part of node.allOf) this.visit(part, here);
    if (Array.isArray(place.value)) this.visitItems(node, here, place.value);
    else if (typeof place.value === 'object') this.visitMembers(node, here, place.value as Members);
  }

  private visitItems({ items, schema }: RuleNode, place: Place, list: readonly unknown[]): void {
    if (!items) return;
    const beforeOf = itemsBefore(place.before, schema);
    for (const [i, value] of list.entries()) {
      this.visit(items, { ...place, path: `${place.path}[${i}]`, value, before: beforeOf(value) });
    }
  }

  private visitMembers({ properties, additional, schema }: RuleNode, place: Place, members: Members): void {
    for (const [name, node] of properties) {
      if (!Object.hasOwn(members, name)) continue;
      const path = place.path === '' ? name : `${place.path}.${name}`;
      this.visit(node, { ...place, path, value: members[name], before: memberBefore(place.before, name, schema) });
    }
    if (!additional) return;
    for (const [name, value] of Object.entries(members)) {
      const before = memberBefore(place.before, name, schema);
      this.visit(additional, { ...place, path: `${place.path}[${name}]`, value, before });
    }
  }

  private evaluate(node: RuleNode, place: Place): void {
    const self = node.shape.valueOf(place.value);
    const before = place.before === undefined || place.before === null ? undefined : node.shape.valueOf(place.before);
    for (const compiled of node.rules) {
      if (this.over) return;
      const { rule, program, usesOldSelf, error } = compiled;
      if (error) this.add(place, { rule: {}, message: `rule compile error: ${error}` });
      if (!program || (usesOldSelf && before === undefined && !rule.optionalOldSelf)) continue;
      const oldSelf = rule.optionalOldSelf ? Optional.of(before) : before;
      this.run(compiled, place, { self, oldSelf: oldSelf as Value });
    }
  }

  private run(compiled: CompiledRule, place: Place, variables: Record<string, Value>): void {
    const { rule, program, usesOldSelf } = compiled;
    let holds: Value;
    try {
      holds = program!.run(variables, (cost) => this.spend(cost, place));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      if (!this.over) this.add(place, { rule: {}, message: failureText(error, rule) });
      if (error instanceof CostError) this.over = true;
      return;
    }
    if (holds === true || this.over) return;
    const message = this.messageOf(compiled, place, variables);
    if (this.over) return;
    const tolerated = place.unchanged && !usesOldSelf;
    this.add(place, { rule, message, tolerated });
  }

  private spend(cost: number, place: Place): void {
    this.budget -= cost;
    if (this.budget >= 0 || this.over) return;
    this.add(place, { rule: {}, message: outOfBudget });
    this.over = true;
  }

  private messageOf({ rule, message }: CompiledRule, place: Place, variables: Record<string, Value>): string {
    const plain = rule.message?.trim() || `failed rule: ${(rule.rule ?? '').trim()}`;
    if (!message) return plain;
    try {
      const text = message.run(variables, (cost) => this.spend(cost, place));
      if (typeof text !== 'string') return plain;
      const trimmed = text.trim();
      const usable = trimmed !== '' && !trimmed.includes('\n') && Buffer.byteLength(trimmed) <= messageBytesMax;
      return usable ? trimmed : plain;
    } catch (error) {
      if (error instanceof EvaluationError) return plain;
      throw error;
    }
  }

  private add(place: Place, found: { rule: Partial<V1ValidationRule>; message: string; tolerated?: boolean }): void {
    const { fieldPath, reason } = found.rule;
    const below = fieldPath?.trim() ?? '';
    const field = (place.path + normalized(below)).replace(/^\./, '') || '<nil>';
    const error: FieldError = {
      field,
      reason: (reason as FieldError['reason'] | undefined) ?? 'FieldValueInvalid',
      message: found.message,
      // What is wrong is a relation of parts: the message says which.
      hidesValue: typeof place.value === 'object',
    };
    (found.tolerated ? this.tolerated : this.errors).push(error);
  }
}

/** `.a['b.c']` as paths are written: `.a[b.c]` for maps and `.a.b` otherwise. */
function normalized(path: string): string {
  return path.replace(/\['((?:[^'\\]|\\.)*)'\]/g, (_all, key: string) => `.${key.replace(/\\(.)/g, '$1')}`);
}

function failureText(error: EvaluationError, rule: V1ValidationRule): string {
  const shown = rule.rule?.trim() ?? '';
  if (error.message.startsWith('no such overload')) {
    const what = 'call arguments did not match a supported operator, function or macro signature';
    return `'${error.message}': ${what} for rule: ${shown}`;
  }
  if (!(error instanceof CostError)) return `${error.message} evaluating rule: ${shown}`;
  const end = 'no further validation rules will be run due to call cost exceeds limit';
  return `'${error.message}': ${end} for rule: ${shown}`;
}
