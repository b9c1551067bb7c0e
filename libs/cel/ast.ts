import type { Bytes, Uint } from './values.ts';

/** A constant as it stands in the text. */
export type Literal = null | boolean | bigint | number | string | Bytes | Uint;

/** The macros that walk over a list or map. `map` with a filter is `mapFilter`. */
export type FoldKind =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'filter'
  | 'map'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry';

/** The call that `sortBy` is written as: a list, sorted as another one of its length would be. */
export const sortByKeys = '@sortByAssociatedKeys';

interface Node {
  /** Numbers the nodes of one expression, from 0. */
  readonly id: number;
  /** Where it stands in the text, in UTF-16 units; the operator's place where it has one. */
  readonly at: number;
}

export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
  /** Left out when the value is an optional without one. */
  readonly optional: boolean;
}

export interface FieldEntry {
  readonly field: string;
  readonly at: number;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target?: Expression;
  readonly args: readonly Expression[];
}

export interface Fold extends Node {
  readonly kind: 'fold';
  readonly macro: FoldKind;
  readonly range: Expression;
  readonly variable: string;
  /** The second variable of the forms with two: the value beside its index or key. */
  readonly second?: string;
  readonly filter?: Expression;
  readonly step: Expression;
}

export interface Bind extends Node {
  readonly kind: 'bind';
  readonly variable: string;
  readonly value: Expression;
  readonly body: Expression;
  /** `optMap` and `optFlatMap`: the value is an optional, the body runs when it has one. */
  readonly optional?: 'map' | 'flatMap';
}

export interface Select extends Node {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** `plain` reads, `test` asks whether the field is there, `optional` answers with an optional. */
  readonly mode: 'plain' | 'test' | 'optional';
}

export type Expression =
  | (Node & { readonly kind: 'literal'; readonly value: Literal })
  | (Node & { readonly kind: 'ident'; readonly name: string })
  | Select
  | Call
  | (Node & { readonly kind: 'list'; readonly items: readonly Expression[]; readonly optional: ReadonlySet<number> })
  | (Node & { readonly kind: 'map'; readonly entries: readonly Entry[] })
  | (Node & { readonly kind: 'struct'; readonly name: string; readonly fields: readonly FieldEntry[] })
  | Fold
  | Bind;

export interface Parsed {
  readonly root: Expression;
  /** How many nodes there are. */
  readonly count: number;
  readonly source: string;
}
