import type { Bind, Call, Expression, Select } from './ast.ts';
import type { Checked } from './checker.ts';
import { unitCosts } from './cost-rules.ts';
import { EvaluationError } from './errors.ts';
import { foldStep } from './fold.ts';
import type { Step } from './frame.ts';
import { conditional, direct, dispatched, indexes, logical } from './steps.ts';
import type { ObjectType, Type } from './types.ts';
import { type MapKey, MapValue, mapKeyOf, Optional, Structure, TypeValue, type Value } from './values.ts';

/** An object that an expression has made. */
export class ObjectValue extends Structure {
  constructor(
    readonly typeName: string,
    readonly fields: ReadonlyMap<string, Value>,
  ) {
    super();
  }

  get(key: Value): Value | undefined {
    return typeof key === 'string' ? this.fields.get(key) : undefined;
  }

  keys(): Value[] {
    return [...this.fields.keys()];
  }

  get size(): number {
    return this.fields.size;
  }
}

/** Where the local variables of an expression are kept, behind those of its environment. */
class Scope {
  constructor(
    readonly slots: ReadonlyMap<string, number>,
    readonly next: number,
  ) {}

  with(...names: string[]): Scope {
    const slots = new Map(this.slots);
    for (const [i, name] of names.entries()) slots.set(name, this.next + i);
    return new Scope(slots, this.next + names.length);
  }
}

/** Turns a checked expression into one that runs. `variables` are those of the environment, in the order of their slots. */
export function stepOf(checked: Checked, variables: Iterable<string>): Step {
  const names = [...variables];
  const scope = new Scope(new Map(names.map((name, i) => [name, i])), names.length);
  return new Maker(checked).make(checked.root, scope);
}

class Maker {
  constructor(private readonly checked: Checked) {}

  make(expression: Expression, scope: Scope): Step {
    switch (expression.kind) {
      case 'literal': {
        const { value } = expression;
        return () => value;
      }
      case 'ident':
        return this.named(expression.name, scope);
      case 'select':
        return this.select(expression, scope);
      case 'call':
        return this.call(expression, scope);
      case 'list':
        return this.list(expression, scope);
      case 'map':
        return this.map(expression, scope);
      case 'struct':
        return this.struct(expression, scope);
      case 'bind':
        return this.bind(expression, scope);
      case 'fold': {
        const { variable, second, filter, step } = expression;
        const inner = scope.with(variable, ...(second === undefined ? [] : [second]));
        const parts = { filter: filter && this.make(filter, inner), step: this.make(step, inner) };
        return foldStep(expression, { range: this.make(expression.range, scope), slot: scope.next, ...parts });
      }
    }
  }

  private named(name: string, scope: Scope): Step {
    const plain = name.replace(/^\./, '');
    const slot = scope.slots.get(plain);
    if (slot === undefined) {
      const type = new TypeValue(plain);
      return () => type;
    }
    return (frame) => {
      frame.charge(unitCosts.read);
      return frame.slots[slot] as Value;
    };
  }

  private select(expression: Select, scope: Scope): Step {
    const name = this.checked.names.get(expression.id);
    if (name !== undefined) return this.named(name, scope);
    const operand = this.make(expression.operand, scope);
    const { field, mode } = expression;
    if (mode === 'test') return (frame) => isThere(operand(frame), field);
    return (frame) => {
      const value = operand(frame);
      frame.charge(unitCosts.read);
      if (value instanceof Optional)
        return value.value === undefined ? Optional.none : Optional.of(fieldOf(value.value, field));
      const found = fieldOf(value, field);
      if (mode === 'optional') return Optional.of(found);
      if (found === undefined) throw new EvaluationError(`no such key: ${field}`);
      return found;
    };
  }

  private call(expression: Call, scope: Scope): Step {
    const { name, target, args, id } = expression;
    const member = target !== undefined && !this.checked.names.has(id);
    const all = member ? [target, ...args] : args;
    const steps = all.map((arg) => this.make(arg, scope));
    if (name === '_&&_') return logical(steps, false);
    if (name === '_||_') return logical(steps, true);
    if (name === '_?_:_') return conditional(steps);
    const forms = this.checked.overloads.get(id) ?? [];
    const sure = forms.length === 1 && all.every((arg) => !isLoose(this.checked.types[arg.id]));
    if (name === '_[_]') return indexes(steps, forms);
    const [only] = forms;
    if (sure && only) return direct(only, steps);
    return dispatched(name, forms, steps);
  }

  private list({ items, optional }: Extract<Expression, { kind: 'list' }>, scope: Scope): Step {
    const steps = items.map((item) => this.make(item, scope));
    return (frame) => {
      frame.charge(unitCosts.list);
      const values: Value[] = [];
      steps.forEach((step, i) => {
        const value = step(frame);
        if (!optional.has(i)) values.push(value);
        else if (value instanceof Optional && value.value !== undefined) values.push(value.value);
      });
      return values;
    };
  }

  private map({ entries }: Extract<Expression, { kind: 'map' }>, scope: Scope): Step {
    const steps = entries.map((entry) => ({
      key: this.make(entry.key, scope),
      value: this.make(entry.value, scope),
      optional: entry.optional,
    }));
    return (frame) => {
      frame.charge(unitCosts.map);
      const made = new Map<MapKey, Value>();
      for (const { key, value, optional } of steps) {
        const kept = mapKeyOf(key(frame));
        if (kept === undefined) throw new EvaluationError('unsupported key type');
        if (made.has(kept)) throw new EvaluationError(`Failed with repeated key: ${kept}`);
        const given = value(frame);
        if (!optional) made.set(kept, given);
        else if (given instanceof Optional && given.value !== undefined) made.set(kept, given.value);
      }
      return new MapValue(made);
    };
  }

  private struct(expression: Extract<Expression, { kind: 'struct' }>, scope: Scope): Step {
    const type = this.checked.types[expression.id] as ObjectType;
    const steps = expression.fields.map(({ field, value, optional }) => ({
      field,
      optional,
      step: this.make(value, scope),
    }));
    return (frame) => {
      frame.charge(unitCosts.struct);
      const fields = new Map<string, Value>();
      for (const { field, optional, step } of steps) {
        const value = step(frame);
        if (!optional) fields.set(field, value);
        else if (value instanceof Optional && value.value !== undefined) fields.set(field, value.value);
      }
      return new ObjectValue(type.name, fields);
    };
  }

  private bind({ variable, value, body, optional }: Bind, scope: Scope): Step {
    const init = this.make(value, scope);
    const slot = scope.next;
    const rest = this.make(body, scope.with(variable));
    return (frame) => {
      let bound = init(frame);
      if (optional) {
        if (!(bound instanceof Optional) || bound.value === undefined) return Optional.none;
        bound = bound.value;
      }
      frame.slots[slot] = bound;
      const result = rest(frame);
      return optional === 'map' ? Optional.of(result) : result;
    };
  }
}

/** Types that say nothing about how a value is to be taken. */
function isLoose(type: Type | undefined): boolean {
  if (!type || type.kind === 'dyn') return true;
  return (type.kind === 'optional' || type.kind === 'list') && isLoose(type.element);
}

function fieldOf(value: Value, field: string): Value | undefined {
  if (value instanceof Structure) return value.get(field);
  if (value === null) throw new EvaluationError(`no such key: ${field}`);
  throw new EvaluationError('no such overload');
}

function isThere(value: Value, field: string): boolean {
  const inside = value instanceof Optional ? value.value : value;
  if (inside === undefined || inside === null) return false;
  if (inside instanceof Structure) return inside.has(field);
  throw new EvaluationError('no such overload');
}
