import { unitCosts } from './cost-rules.ts';
import { CostError, EvaluationError } from './errors.ts';
import type { Frame, Step } from './frame.ts';
import { keyText } from './functions/operators.ts';
import type { Overload } from './overload.ts';
import { actualSize } from './sizes.ts';
import type { Type } from './types.ts';
import {
  Bytes,
  Duration,
  isList,
  Opaque,
  Optional,
  Structure,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from './values.ts';

/** Either side may decide alone: an error counts only when the other side does not. */
export function logical([left, right]: readonly Step[], decides: boolean): Step {
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

export function conditional([condition, yes, no]: readonly Step[]): Step {
  return (frame) => {
    const value = condition!(frame);
    if (typeof value !== 'boolean') throw new EvaluationError('no such overload');
    return value ? yes!(frame) : no!(frame);
  };
}

export function indexes([operand, key]: readonly Step[], forms: readonly Overload[]): Step {
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

export function direct(form: Overload, steps: readonly Step[]): Step {
  return (frame) => {
    const values = steps.map((step) => step(frame));
    charge(frame, form, values);
    return form.call(...values);
  };
}

/** Picks the form by what the arguments turn out to be. */
export function dispatched(name: string, forms: readonly Overload[], steps: readonly Step[]): Step {
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
