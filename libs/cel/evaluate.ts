import type { Bind, Call, Expression, Select } from './ast.ts';
import type { Checked } from './checker.ts';
import { unitCosts } from './cost-rules.ts';
import type { Overload } from './environment.ts';
import { CostError, EvaluationError } from './errors.ts';
import { foldStep } from './fold.ts';
import type { Frame, Step } from './frame.ts';
import { keyText } from './functions/operators.ts';
import { actualSize } from './sizes.ts';
import type { ObjectType, Type } from './types.ts';
import {
  Bytes,
  Duration,
  isList,
  type MapKey,
  MapValue,
  mapKeyOf,
  Opaque,
  Optional,
  Structure,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from './values.ts';

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

/** Either side may decide alone: an error counts only when the other side does not. */
function logical([left, right]: readonly Step[], decides: boolean): Step {
  return (frame) => {
    let failure: unknown;
    try {
      const value = left!(frame);
      if (value === decides) return decides;
      if (typeof value !== 'boolean') failure = new EvaluationError('no such overload');
    } catch (error) {
      if (error instanceof CostError || !(error instanceof EvaluationError)) throw error;
      failure = error;
    }
    const value = right!(frame);
    if (value === decides) return decides;
    if (failure) throw failure;
    if (typeof value !== 'boolean') throw new EvaluationError('no such overload');
    return value;
  };
}

function conditional([condition, yes, no]: readonly Step[]): Step {
  return (frame) => {
    const value = condition!(frame);
    if (typeof value !== 'boolean') throw new EvaluationError('no such overload');
    return value ? yes!(frame) : no!(frame);
  };
}

function indexes([operand, key]: readonly Step[], forms: readonly Overload[]): Step {
  const [form] = forms;
  return (frame) => {
    const value = operand!(frame);
    const index = key!(frame);
    frame.charge(unitCosts.read);
    if (!(value instanceof Optional)) return form!.call(value, index);
    if (value.value === undefined) return Optional.none;
    const inside = value.value;
    if (inside instanceof Structure) return Optional.of(inside.get(index));
    return isList(inside) ? Optional.of(inside[Number(keyText(index))]) : Optional.none;
  };
}

function charge(frame: Frame, form: Overload, values: readonly Value[]): void {
  frame.charge(form.cost ? form.cost(values.map(actualSize)).cost.max : 1);
}

function direct(form: Overload, steps: readonly Step[]): Step {
  return (frame) => {
    const values = steps.map((step) => step(frame));
    charge(frame, form, values);
    return form.call(...values);
  };
}

/** Picks the form by what the arguments turn out to be. */
function dispatched(name: string, forms: readonly Overload[], steps: readonly Step[]): Step {
  return (frame) => {
    const values = steps.map((step) => step(frame));
    const form = forms.find(({ params }) => params.every((param, i) => fits(param, values[i]!)));
    if (!form) throw new EvaluationError(`no such overload: ${shownCall(name, values)}`);
    charge(frame, form, values);
    return form.call(...values);
  };
}

function shownCall(name: string, values: readonly Value[]): string {
  const [first = '', ...rest] = values.map(typeNameOf);
  return /^[_@!-]/.test(name) ? [first, ...rest].join(`, `) : `${first}.${name}(${rest.join(', ')})`;
}

function fits(type: Type, value: Value): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'null_type':
      return value === null;
    case 'list':
      return isList(value) && (value.length === 0 || fits(type.element, value[0]!));
    case 'map':
    case 'object':
      return value instanceof Structure;
    default:
      return fitsClass(type, value);
  }
}

function fitsClass(type: Type, value: Value): boolean {
  switch (type.kind) {
    case 'uint':
      return value instanceof Uint;
    case 'bytes':
      return value instanceof Bytes;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'optional':
      return value instanceof Optional;
    case 'opaque':
      return value instanceof Opaque && value.typeName === type.name;
    default:
      return value instanceof TypeValue;
  }
}
