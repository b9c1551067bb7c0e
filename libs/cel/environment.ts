import type { CostRule } from './cost-rules.ts';
import { functionLibrary } from './functions/library.ts';
import type { ObjectType, Type } from './types.ts';
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

/** Types by name. */
export interface Structs {
  get(name: string): ObjectType | undefined;
}

/** What an expression may speak of. */
export interface Environment {
  /** Variables by name, in the order of their slots. */
  readonly variables: ReadonlyMap<string, Type>;
  /** Types whose objects an expression may make, by name. */
  readonly structs?: Structs;
  readonly library: Library;
}

export function environment(variables: Readonly<Record<string, Type>>, structs?: Structs): Environment {
  return { variables: new Map(Object.entries(variables)), structs, library: functionLibrary };
}
