import type { V1MatchCondition, V1Variable } from '../../api/gen/types.ts';
import type { Environment } from '../../cel/environment.ts';
import { CompileError, CostError, EvaluationError } from '../../cel/errors.ts';
import { compile, type Program } from '../../cel/program.ts';
import { dyn, type Field, type Type, typeText } from '../../cel/types.ts';
import { Structure, type Value } from '../../cel/values.ts';
import type { Activation } from './activation.ts';
import { type EnvironmentOptions, policyEnvironment } from './environment.ts';

/** What the expressions of one policy may cost for one request. */
export const policyCostMax = 10_000_000;

/** An expression, or why it cannot run. */
export interface Compiled {
  readonly source: string;
  readonly program?: Program;
  readonly error?: string;
}

/**
 * Compiles an expression that must come to one of some types, and not just to something that may turn out to be of one;
 * to any when none is named.
 */
export function compileAs(source: string, known: Environment, kinds: readonly Type['kind'][] = []): Compiled {
  try {
    const program = compile(source, known);
    if (kinds.length === 0 || kinds.includes(program.type.kind)) return { source, program };
    return { source, error: `must evaluate to ${kinds.map(kindText).join(' or ')}` };
  } catch (error) {
    if (error instanceof CompileError) return { source, error: `compilation failed: ${error.message}` };
    throw error;
  }
}

function kindText(kind: Type['kind']): string {
  return typeText({ kind } as Type);
}

/** The budget that the expressions of a policy share. */
export class Budget {
  constructor(private left = policyCostMax) {}

  /** Runs an expression on the budget. @throws EvaluationError, also when the budget is used up. */
  run({ source, program, error }: Compiled, activation: Activation): Value {
    if (!program) throw new EvaluationError(`expression '${source}' resulted in error: ${error}`);
    let cost = 0;
    try {
      const value = program.run(activation as unknown as Record<string, Value>, (spent) => {
        cost = spent;
      });
      this.spend(cost);
      return value;
    } catch (error) {
      if (!(error instanceof EvaluationError) || error instanceof BudgetError) throw error;
      if (error instanceof CostError) throw new BudgetError();
      throw new EvaluationError(`expression '${source}' resulted in error: ${error.message}`);
    }
  }

  spend(cost: number): void {
    this.left -= cost;
    if (this.left < 0) throw new BudgetError();
  }
}

export class BudgetError extends EvaluationError {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** The named expressions that others of the policy may use, each with the type that it comes to. */
export class Variables {
  readonly type: Type;
  readonly compiled = new Map<string, Compiled>();

  constructor(variables: readonly V1Variable[], options: EnvironmentOptions) {
    const fields = new Map<string, Field>();
    this.type = { kind: 'object', name: 'kubernetes.variables', fields };
    for (const { name, expression } of variables) {
      const compiled = compileAs(expression, policyEnvironment({ ...options, variables: this.type }));
      this.compiled.set(name, compiled);
      fields.set(name, { type: compiled.program?.type ?? dyn });
    }
  }

  /** Their values for a request: each is made when it is first read, and once. */
  valuesFor(activation: Activation, budget: Budget): Activation {
    const values = new VariableValues(this.compiled, budget);
    const next = activation.with({ variables: values });
    values.activation = next;
    return next;
  }
}

class VariableValues extends Structure {
  readonly typeName = 'kubernetes.variables';
  activation: Activation | undefined;
  private readonly made = new Map<string, Value | EvaluationError>();

  constructor(
    private readonly compiled: ReadonlyMap<string, Compiled>,
    private readonly budget: Budget,
  ) {
    super();
  }

  get(key: Value): Value | undefined {
    const name = String(key);
    const compiled = this.compiled.get(name);
    if (!compiled) return undefined;
    let value = this.made.get(name);
    if (value === undefined) {
      value = this.make(name, compiled);
      this.made.set(name, value);
    }
    if (value instanceof EvaluationError) throw value;
    return value;
  }

  override has(key: Value): boolean {
    return this.compiled.has(String(key));
  }

  keys(): Value[] {
    return [...this.compiled.keys()];
  }

  get size(): number {
    return this.compiled.size;
  }

  private make(name: string, compiled: Compiled): Value | EvaluationError {
    try {
      return this.budget.run(compiled, this.activation!);
    } catch (error) {
      if (error instanceof BudgetError || !(error instanceof EvaluationError)) throw error;
      return new EvaluationError(`composited variable "${name}" fails to evaluate: ${error.message}`);
    }
  }
}

/** Conditions that narrow down which requests a policy or webhook is about. */
export class Conditions {
  private readonly compiled: readonly Compiled[];

  constructor(conditions: readonly V1MatchCondition[], known: Environment) {
    this.compiled = conditions.map(({ expression }) => compileAs(expression, known, ['bool']));
  }

  /** Whether all hold. Answers with a text when one could not be decided and none says no. */
  hold(activation: Activation, budget: Budget): boolean | { error: string } {
    const errors: string[] = [];
    for (const condition of this.compiled) {
      try {
        if (budget.run(condition, activation) !== true) return false;
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        errors.push(error.message);
      }
    }
    if (errors.length === 0) return true;
    return { error: errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]` };
  }
}
