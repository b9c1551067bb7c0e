import type { Call, Expression, Fold } from './ast.ts';
import type { Checked } from './checker.ts';
import {
  type CallCost,
  either,
  fixed,
  plus,
  type Range,
  type Sized,
  times,
  unitCosts,
  unknownSize,
} from './cost-rules.ts';
import { endCosts, turnCosts } from './fold.ts';
import type { Type } from './types.ts';
import { Bytes } from './values.ts';

/** What an evaluation costs at the most, as far as declared sizes tell; infinite when they do not. */
export function estimatedCost(checked: Checked): Range {
  return new Estimator(checked).visit(checked.root).cost;
}

interface Estimate extends Sized {
  readonly cost: Range;
}

/** The size that a type declares. Names are as declared only while they come from variables with a schema. */
function sizedBy(type: Type | undefined): Sized {
  switch (type?.kind) {
    case 'string':
    case 'bytes':
    case 'dyn':
      return { size: type.max === undefined ? unknownSize : { min: 0, max: type.max } };
    case 'timestamp':
    case 'duration':
      return { size: type.max === undefined ? fixed(1) : { min: 0, max: type.max } };
    case 'list':
      return { size: { min: 0, max: type.max ?? Number.POSITIVE_INFINITY }, entry: sizedBy(type.element).size };
    case 'map':
      return { size: { min: 0, max: type.max ?? Number.POSITIVE_INFINITY }, entry: sizedBy(type.value).size };
    case 'optional':
      return sizedBy(type.element);
    default:
      return { size: fixed(1) };
  }
}

class Estimator {
  private readonly locals = new Map<string, Sized>();

  constructor(private readonly checked: Checked) {}

  visit(expression: Expression): Estimate {
    switch (expression.kind) {
      case 'literal':
        return { cost: fixed(0), size: fixed(literalSize(expression.value)) };
      case 'ident':
        return { cost: fixed(unitCosts.read), ...(this.locals.get(expression.name) ?? this.typed(expression)) };
      case 'select': {
        if (this.checked.names.has(expression.id)) return { cost: fixed(unitCosts.read), ...this.typed(expression) };
        const { cost } = this.visit(expression.operand);
        if (expression.mode === 'test') return { cost, size: fixed(1) };
        return { cost: plus(cost, fixed(unitCosts.read)), ...this.typed(expression) };
      }
      case 'call':
        return this.call(expression);
      case 'list':
        return this.collection(
          expression.items.map((item) => this.visit(item)),
          unitCosts.list,
          expression.items.length,
        );
      case 'map': {
        const values = expression.entries.map(({ value }) => this.visit(value));
        const keys = expression.entries.map(({ key }) => this.visit(key).cost).reduce(plus, fixed(0));
        const made = this.collection(values, unitCosts.map, values.length);
        return { ...made, cost: plus(made.cost, keys) };
      }
      case 'struct':
        return this.collection(
          expression.fields.map(({ value }) => this.visit(value)),
          unitCosts.struct,
          expression.fields.length,
        );
      case 'bind': {
        const value = this.visit(expression.value);
        const body = this.within(expression.variable, value, () => this.visit(expression.body));
        return { ...body, cost: plus(plus(value.cost, fixed(unitCosts.list)), body.cost) };
      }
      case 'fold':
        return this.fold(expression);
    }
  }

  private typed({ id }: Expression): Sized {
    return sizedBy(this.checked.types[id]);
  }

  private within<T>(name: string, sized: Sized, visit: () => T): T {
    const before = this.locals.get(name);
    this.locals.set(name, sized);
    const result = visit();
    if (before) this.locals.set(name, before);
    else this.locals.delete(name);
    return result;
  }

  private collection(parts: readonly Estimate[], base: number, count: number): Estimate {
    const cost = parts.map((part) => part.cost).reduce(plus, fixed(base));
    const entry = parts.length > 0 ? parts.map(({ size }) => size).reduce(either) : fixed(0);
    return { cost, size: fixed(count), entry };
  }

  private call(expression: Call): Estimate {
    const { name, target, args, id } = expression;
    const member = target !== undefined && !this.checked.names.has(id);
    const parts = (member ? [target, ...args] : args).map((arg) => this.visit(arg));
    const [first, second, third] = parts;
    if (name === '_&&_' || name === '_||_') {
      return { cost: { min: first!.cost.min, max: first!.cost.max + second!.cost.max }, size: fixed(1) };
    }
    if (name === '_?_:_') {
      const entry =
        second!.entry && third!.entry ? either(second!.entry, third!.entry) : (second!.entry ?? third!.entry);
      return {
        cost: plus(first!.cost, either(second!.cost, third!.cost)),
        size: either(second!.size, third!.size),
        entry,
      };
    }
    const own = (this.checked.overloads.get(id) ?? []).map(({ cost }): CallCost => cost?.(parts) ?? { cost: fixed(1) });
    const spent = parts.map((part) => part.cost).reduce(plus, fixed(0));
    const cost = own.length > 0 ? own.map((each) => each.cost).reduce(either) : fixed(1);
    if (name === 'dyn') return { ...first!, cost: plus(first!.cost, fixed(1)) };
    const results = own.flatMap(({ result }) => (result ? [result] : []));
    const sized = results.length > 0 ? results.reduce(union) : this.typed(expression);
    return { ...sized, cost: plus(spent, cost) };
  }

  private fold(expression: Fold): Estimate {
    const { macro, range, variable, second, filter, step } = expression;
    const over = this.visit(range);
    const type = this.checked.types[range.id];
    const isMap = type?.kind === 'map';
    const item = this.itemOf(range, over);
    const key: Sized = { size: type?.kind === 'map' ? keySize(type) : fixed(1) };
    const visitBoth = () => [filter ? this.visit(filter).cost : fixed(0), this.visit(step)] as const;
    const [tested, turn] =
      second === undefined
        ? this.within(variable, isMap ? key : item, visitBoth)
        : this.within(variable, key, () => this.within(second, item, visitBoth));
    const most = plus(plus(turn.cost, tested), fixed(turnCosts[macro] + (macro === 'filter' ? unitCosts.list + 2 : 0)));
    const cost = plus(plus(over.cost, fixed(endCosts[macro])), times(over.size, { min: 0, max: most.max }));
    if (macro === 'all' || macro === 'exists' || macro === 'exists_one') return { cost, size: fixed(1) };
    return { cost, size: { min: 0, max: over.size.max }, entry: macro === 'filter' ? over.entry : turn.size };
  }

  /** An item of a list with a declared type is as that type says; of one that was made, as its parts were. */
  private itemOf(range: Expression, over: Estimate): Sized {
    const type = this.checked.types[range.id];
    const declared =
      type?.kind === 'list' ? sizedBy(type.element) : type?.kind === 'map' ? sizedBy(type.value) : undefined;
    return { ...declared, size: over.entry ?? declared?.size ?? unknownSize };
  }
}

/** Keys of maps with a schema cost nothing to walk through: schemas say nothing of keys, and upstream reads that as 0. */
function keySize({ max }: Extract<Type, { kind: 'map' }>): Range {
  return max === undefined ? unknownSize : fixed(0);
}

function union(a: Sized, b: Sized): Sized {
  return { size: either(a.size, b.size), entry: a.entry && b.entry ? either(a.entry, b.entry) : undefined };
}

function literalSize(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return value instanceof Bytes ? value.octets.length : 1;
}
