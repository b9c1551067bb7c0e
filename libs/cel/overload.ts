import type { CostRule } from './cost-rules.ts';
import type { Type } from './types.ts';
import type { Value } from './values.ts';

/** One form of a function: what it takes, what it answers, and how. */
export interface Overload {
  readonly params: readonly Type[];
  readonly result: Type;
  /** Called on its first argument: `a.f(b)`. */
  readonly member: boolean;
  readonly call: (...args: Value[]) => Value;
  /** What a call costs; one unit when absent. */
  readonly cost?: CostRule;
}

/** Functions by name, each with its forms. */
export type Library = ReadonlyMap<string, readonly Overload[]>;
