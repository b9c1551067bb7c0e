import type { CostRule } from '../cost-rules.ts';
import type { Overload } from '../overload.ts';
import type { Type } from '../types.ts';
import type { Value } from '../values.ts';

/** One form of a function, as the tables of this folder give it. */
export interface Form {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type;
  /** Called on its first argument; so unless it is said otherwise. */
  readonly plain?: boolean;
  /** Gets values of the types of `params`. @throws EvaluationError. */
  call(...args: Value[]): Value;
  readonly cost?: CostRule;
}

export function overloadOf({ params, result, plain, call, cost }: Form): Overload {
  return { params, result, member: !plain, call, cost };
}
