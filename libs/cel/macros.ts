import { type Bind, type Expression, type Fold, type FoldKind, sortByKeys } from './ast.ts';

/** A node as it is asked for: whoever makes it numbers it. */
export type Made<T extends Expression = Expression> = T extends Expression ? Omit<T, 'id'> : never;

/** Makes the nodes of one expression. */
export interface NodeMaker {
  node(made: Made): Expression;
  /** @throws CompileError. */
  fail(at: number, text: string): never;
}

/** Something that reads like a call on `target`. */
export interface CallForm {
  readonly target: Expression;
  readonly name: string;
  readonly args: readonly Expression[];
  readonly at: number;
}

const folds: ReadonlySet<string> = new Set<FoldKind>(['all', 'exists', 'exists_one', 'filter', 'map']);
const foldsOfTwo: ReadonlySet<string> = new Set<FoldKind>([
  ...(['all', 'exists', 'exists_one', 'transformList', 'transformMap', 'transformMapEntry'] as const),
]);
const spellings: Readonly<Record<string, string>> = { existsOne: 'exists_one' };

/** What the macro `has` stands for: a test of the field that its argument selects. @throws CompileError. */
export function testOf(args: readonly Expression[], at: number, make: NodeMaker): Expression {
  const [field] = args;
  if (args.length !== 1 || field?.kind !== 'select') make.fail(at, 'invalid argument to has() macro');
  return { ...field, mode: 'test' };
}

/** What the macros that are called on something stand for; undefined for calls that are none. @throws CompileError. */
export function called(form: CallForm, make: NodeMaker): Expression | undefined {
  const { target, args, at } = form;
  const name = spellings[form.name] ?? form.name;
  if (name === 'bind' && args.length === 3 && target.kind === 'ident' && target.name === 'cel') {
    return bind({ at, value: args[1]!, body: args[2]! }, args[0]!, make);
  }
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) {
    const optional = name === 'optMap' ? 'map' : 'flatMap';
    return bind({ at, value: target, body: args[1]!, optional }, args[0]!, make);
  }
  if (name === 'sortBy' && args.length === 2) return sortBy(form, make);
  if (folds.has(name) && (args.length === 2 || (name === 'map' && args.length === 3))) {
    const [filter, step] = args.length === 3 ? [args[1], args[2]] : [undefined, args[1]];
    return fold({ at, macro: name as FoldKind, range: target, filter, step: step! }, [args[0]!], make);
  }
  if (!foldsOfTwo.has(name) || args.length < 3 || args.length > (name.startsWith('transform') ? 4 : 3)) {
    return undefined;
  }
  const [filter, step] = args.length === 4 ? [args[2], args[3]] : [undefined, args[2]];
  return fold({ at, macro: name as FoldKind, range: target, filter, step: step! }, [args[0]!, args[1]!], make);
}

/** The list is named, so that it is made once: it is sorted by a list of the same length that is made from it. */
function sortBy({ target: list, args: [item, key], at }: CallForm, make: NodeMaker): Expression {
  const variable = '@sortBy';
  const named = () => make.node({ kind: 'ident', at, name: variable });
  const keys = fold({ at, macro: 'map', range: named(), filter: undefined, step: key! }, [item!], make);
  const body = make.node({ kind: 'call', at, name: sortByKeys, target: named(), args: [keys] });
  return make.node({ kind: 'bind', at, variable, value: list, body });
}

function bind(made: Omit<Bind, 'id' | 'kind' | 'variable'>, variable: Expression, make: NodeMaker): Expression {
  return make.node({ kind: 'bind', ...made, variable: nameOf(variable, make) });
}

function fold(
  made: Omit<Fold, 'id' | 'kind' | 'variable' | 'second'>,
  names: readonly Expression[],
  make: NodeMaker,
): Expression {
  const [variable, second] = names.map((name) => nameOf(name, make));
  return make.node({ kind: 'fold', ...made, variable: variable!, second });
}

function nameOf(expression: Expression, make: NodeMaker): string {
  if (expression.kind !== 'ident') make.fail(expression.at, 'argument must be a simple name');
  return expression.name;
}
