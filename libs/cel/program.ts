import type { Expression } from './ast.ts';
import { type Checked, check } from './checker.ts';
import type { Range } from './cost-rules.ts';
import type { Environment } from './environment.ts';
import { CompileError, EvaluationError } from './errors.ts';
import { estimatedCost } from './estimate.ts';
import { stepOf } from './evaluate.ts';
import { Frame, type Step } from './frame.ts';
import { pattern } from './functions/regex.ts';
import { readDuration, readTimestamp } from './functions/times.ts';
import { parse } from './parser.ts';
import type { Type } from './types.ts';
import type { Value } from './values.ts';

/** What one call of an expression may cost. */
export const callCostMax = 1_000_000;

export interface Outcome {
  readonly value: Value;
  readonly cost: number;
}

/** An expression that has been checked and may run any number of times. */
export interface Program {
  readonly source: string;
  readonly type: Type;
  /** Variables of the environment that it reads. */
  readonly reads: ReadonlySet<string>;
  /** What a run may cost, by the declared sizes. Computed when asked for. */
  estimate(): Range;
  /**
   * Runs it. `spent` hears of the cost even when the run fails.
   * @throws EvaluationError when it comes to no value.
   */
  run(variables: Readonly<Record<string, Value>>, spent?: (cost: number) => void): Value;
}

/** @throws CompileError. */
export function compile(source: string, environment: Environment): Program {
  const checked = check(parse(source), environment);
  checkLiterals(checked);
  const names = [...environment.variables.keys()];
  const step = stepOf(checked, names);
  const type = checked.types[checked.root.id]!;
  return {
    source,
    type,
    reads: checked.reads,
    estimate: () => estimatedCost(checked),
    run: (variables, spent) => run(step, slotsOf(names, checked.reads, variables), spent),
  };
}

/** Only what is read is asked for: variables may be dear to make. */
function slotsOf(
  names: readonly string[],
  reads: ReadonlySet<string>,
  variables: Readonly<Record<string, Value>>,
): Value[] {
  return names.map((name) => (reads.has(name) ? (variables[name] ?? null) : null));
}

function run(step: Step, slots: Value[], spent: ((cost: number) => void) | undefined): Value {
  const frame = new Frame(slots, callCostMax);
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof RangeError) throw new EvaluationError('expression nests too deeply');
    throw error;
  } finally {
    spent?.(frame.cost);
  }
}

const literalChecks: Readonly<Record<string, (text: string) => unknown>> = {
  matches: pattern,
  find: pattern,
  findAll: pattern,
  duration: readDuration,
  timestamp: readTimestamp,
};

/** Patterns and times that stand in the text are looked at once, before anything runs. */
function checkLiterals(checked: Checked): void {
  const visit = (expression: Expression): void => {
    for (const part of partsOf(expression)) visit(part);
    if (expression.kind !== 'call') return;
    const literal = expression.args[expression.target || expression.args.length === 1 ? 0 : 1];
    const read = literalChecks[expression.name];
    if (!read || literal?.kind !== 'literal' || typeof literal.value !== 'string') return;
    try {
      read(literal.value);
    } catch (error) {
      const what = expression.name === 'duration' || expression.name === 'timestamp' ? expression.name : 'matches';
      const text = `invalid ${what} argument${error instanceof Error && what === 'matches' ? `: ${error.message}` : ''}`;
      throw new CompileError(checked.source, [{ at: literal.at, text }]);
    }
  };
  visit(checked.root);
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'select':
      return [expression.operand];
    case 'call':
      return expression.target ? [expression.target, ...expression.args] : expression.args;
    case 'list':
      return expression.items;
    case 'map':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expression.fields.map(({ value }) => value);
    case 'fold':
      return [expression.range, ...(expression.filter ? [expression.filter] : []), expression.step];
    case 'bind':
      return [expression.value, expression.body];
    default:
      return [];
  }
}
