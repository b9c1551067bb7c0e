import { functionLibrary } from './functions/library.ts';
import type { Library } from './overload.ts';
import type { ObjectType, Type } from './types.ts';

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
