import type { Call, Expression, Fold, Literal, Parsed, Select } from './ast.ts';
import type { Environment } from './environment.ts';
import { CompileError, type Issue } from './errors.ts';
import type { Overload } from './overload.ts';
import { Scope } from './scope.ts';
import {
  bool,
  bytes,
  double,
  dyn,
  fresh,
  int,
  isAssignable,
  listOf,
  mapOf,
  moreGeneral,
  nullType,
  optionalOf,
  resolved,
  type Substitution,
  sameType,
  string,
  type Type,
  typeText,
  uint,
} from './types.ts';
import { Bytes, Uint } from './values.ts';

/** What is known of an expression whose types fit. */
export interface Checked extends Parsed {
  /** By node. */
  readonly types: readonly Type[];
  /** The forms that a call may turn out to be, by node. */
  readonly overloads: ReadonlyMap<number, readonly Overload[]>;
  /** Names with points that are one variable or type, by node: the select is read as an ident. */
  readonly names: ReadonlyMap<number, string>;
  /** Variables of the environment that the expression reads. */
  readonly reads: ReadonlySet<string>;
}

/** Finds the type of every part. @throws CompileError that names everything that does not fit. */
export function check(parsed: Parsed, environment: Environment): Checked {
  return new Checker(parsed, environment).check();
}

/** The name that a chain of selects spells, such as `a.b.c`. */
function spelled(expression: Expression): string | undefined {
  if (expression.kind === 'ident') return expression.name;
  if (expression.kind !== 'select' || expression.mode !== 'plain') return undefined;
  const before = spelled(expression.operand);
  return before === undefined ? undefined : `${before}.${expression.field}`;
}

class Checker {
  private readonly types: Type[];
  private readonly overloads = new Map<number, readonly Overload[]>();
  private readonly names = new Map<number, string>();
  private readonly issues: Issue[] = [];
  private readonly known: Substitution = new Map();
  private readonly scope: Scope;
  private freshCount = 0;
  /** Inside the arguments of `format`, whose lists may hold values of any types. */
  private formatting = 0;

  constructor(
    private readonly parsed: Parsed,
    private readonly environment: Environment,
  ) {
    this.types = new Array<Type>(parsed.count).fill(dyn);
    this.scope = new Scope(environment.variables);
  }

  check(): Checked {
    this.visit(this.parsed.root);
    if (this.issues.length > 0)
      throw new CompileError(
        this.parsed.source,
        this.issues.sort((a, b) => a.at - b.at),
      );
    const types = this.types.map((type) => resolved(type, this.known, dyn));
    return { ...this.parsed, types, overloads: this.overloads, names: this.names, reads: this.scope.reads };
  }

  private fail(at: number, text: string): Type {
    this.issues.push({ at, text });
    return dyn;
  }

  private visit(expression: Expression): Type {
    const type = this.typeOf(expression);
    this.types[expression.id] = type;
    return type;
  }

  private typeOf(expression: Expression): Type {
    switch (expression.kind) {
      case 'literal':
        return literalType(expression.value);
      case 'ident':
        return this.scope.typeOf(expression.name) ?? this.undeclared(expression.at, expression.name);
      case 'select':
        return this.select(expression);
      case 'call':
        return this.call(expression);
      case 'list':
        return listOf(this.joined(expression.items.map((item, i) => [item, expression.optional.has(i)])));
      case 'map': {
        const key = this.joined(expression.entries.map((entry) => [entry.key, false]));
        return mapOf(key, this.joined(expression.entries.map((entry) => [entry.value, entry.optional])));
      }
      case 'struct':
        return this.struct(expression);
      case 'fold':
        return this.fold(expression);
      case 'bind':
        return this.bind(expression);
    }
  }

  private undeclared(at: number, name: string): Type {
    return this.fail(at, `undeclared reference to '${name}' (in container '')`);
  }

  private select(expression: Select): Type {
    const name = spelled(expression);
    if (name !== undefined && !this.scope.isLocal(name.split('.')[0] ?? '')) {
      const found = this.scope.typeOf(name);
      if (found) {
        this.names.set(expression.id, name);
        return found;
      }
    }
    const whole = resolved(this.visit(expression.operand), this.known);
    const operand = whole.kind === 'optional' ? whole.element : whole;
    const field = this.field(operand, expression);
    if (expression.mode === 'test') return bool;
    return expression.mode === 'optional' || whole.kind === 'optional' ? optionalOf(field) : field;
  }

  private field(operand: Type, { at, field }: Select): Type {
    switch (operand.kind) {
      case 'object':
        return operand.fields.get(field)?.type ?? this.fail(at, `undefined field '${field}'`);
      case 'map':
        return operand.value;
      case 'dyn':
      case 'param':
        return dyn;
      default:
        return this.fail(at, `type '${typeText(operand)}' does not support field selection`);
    }
  }

  private call(expression: Call): Type {
    const { name, target, at } = expression;
    const qualified = target && !this.scope.isLocal(spelled(target)?.split('.')[0] ?? '') ? spelled(target) : undefined;
    const full = qualified === undefined ? name : `${qualified}.${name}`;
    const plain = qualified === undefined ? undefined : this.environment.library.get(full);
    const global = plain?.some((overload) => !overload.member);
    if (global) this.names.set(expression.id, full);
    const member = target !== undefined && !global;
    const forms = (global ? plain : this.environment.library.get(name.replace(/^\./, '')))?.filter(
      (overload) => overload.member === member,
    );
    if (name === 'format') this.formatting++;
    const args = [...(member ? [target] : []), ...expression.args].map((arg) => this.visit(arg));
    if (name === 'format') this.formatting--;
    if (!forms?.length) return this.undeclared(at, name);
    if (name === '_[?_]' || name === '_[_]') this.unwrapOptional(args);
    return this.resolve(expression, forms, args);
  }

  /** An index into an optional is one into its value. */
  private unwrapOptional(args: Type[]): void {
    const first = resolved(args[0]!, this.known);
    if (first.kind === 'optional') args[0] = first.element;
  }

  private resolve(expression: Call, forms: readonly Overload[], args: readonly Type[]): Type {
    const fitting: Overload[] = [];
    let result: Type | undefined;
    for (const form of forms) {
      if (form.params.length !== args.length) continue;
      const suffix = String(this.freshCount++);
      const trial: Substitution = new Map(this.known);
      if (!form.params.every((param, i) => isAssignable(fresh(param, suffix), args[i]!, trial))) continue;
      for (const [name, type] of trial) this.known.set(name, type);
      fitting.push(form);
      const type = resolved(fresh(form.result, suffix), this.known);
      result = result === undefined || sameType(result, type) ? (result ?? type) : dyn;
    }
    if (!result) return this.noOverload(expression, args);
    this.overloads.set(expression.id, fitting);
    const outer = expression.args[0];
    const optional = expression.name === '_[_]' && outer && this.types[outer.id]?.kind === 'optional';
    return optional ? optionalOf(result) : result;
  }

  private noOverload({ name, target, at, id }: Call, args: readonly Type[]): Type {
    const texts = args.map((arg) => typeText(resolved(arg, this.known)));
    const member = target && !this.names.has(id);
    const shown = member ? `${texts[0]}.(${texts.slice(1).join(', ')})` : `(${texts.join(', ')})`;
    const called = this.names.get(id) ?? name;
    return this.fail(at, `found no matching overload for '${called}' applied to '${shown}'`);
  }

  /** The one type of several parts. */
  private joined(items: ReadonlyArray<readonly [Expression, boolean]>): Type {
    let type: Type | undefined;
    for (const [item, optional] of items) {
      let found = this.visit(item);
      if (optional) {
        const known = resolved(found, this.known);
        if (known.kind !== 'optional' && known.kind !== 'dyn') {
          this.fail(item.at, `expected type 'optional_type(${typeText(known)})' but found '${typeText(known)}'`);
        }
        found = known.kind === 'optional' ? known.element : dyn;
      }
      if (type === undefined) type = found;
      else if (isAssignable(type, found, this.known)) type = moreGeneral(type, resolved(found, this.known));
      else if (this.formatting > 0) type = dyn;
      else {
        const [want, got] = [type, found].map((each) => typeText(resolved(each, this.known)));
        this.fail(item.at, `expected type '${want}' but found '${got}'`);
      }
    }
    return type ?? { kind: 'param', name: `E#${this.freshCount++}` };
  }

  private struct(expression: Extract<Expression, { kind: 'struct' }>): Type {
    const type = this.environment.structs?.get(expression.name.replace(/^\./, ''));
    for (const { field, at, value, optional } of expression.fields) {
      const found = resolved(this.visit(value), this.known);
      if (!type) continue;
      const declared = type.fields.get(field)?.type;
      const given = optional && found.kind === 'optional' ? found.element : found;
      if (!declared) this.fail(at, `undefined field '${field}'`);
      else if (!isAssignable(declared, given, this.known)) {
        const texts = `'${typeText(declared)}' but provided type is '${typeText(given)}'`;
        this.fail(at, `expected type of field '${field}' is ${texts}`);
      }
    }
    return type ?? this.undeclared(expression.at, expression.name);
  }

  private fold(expression: Fold): Type {
    const { macro, variable, second, filter, step } = expression;
    const range = resolved(this.visit(expression.range), this.known);
    const [first, other] = this.elements(range, expression);
    const scope = new Map([[variable, second === undefined && range.kind === 'list' ? other : first]]);
    if (second !== undefined) scope.set(second, other);
    const tests = macro === 'all' || macro === 'exists' || macro === 'exists_one' || macro === 'filter';
    const type = this.scope.within(scope, () => {
      if (filter) this.expectBool(filter);
      return tests ? this.expectBool(step) : this.visit(step);
    });
    switch (macro) {
      case 'all':
      case 'exists':
      case 'exists_one':
        return bool;
      case 'filter':
        return listOf(scope.get(variable)!);
      case 'map':
      case 'transformList':
        return listOf(type);
      case 'transformMap':
        return mapOf(first, type);
      case 'transformMapEntry':
        return type;
    }
  }

  /** What the variables of a fold stand for: the index or key, and the item or value. */
  private elements(range: Type, { range: expression }: Fold): [Type, Type] {
    switch (range.kind) {
      case 'list':
        return [int, range.element];
      case 'map':
        return [range.key, range.value];
      case 'dyn':
      case 'param':
        return [dyn, dyn];
      default: {
        const what = 'cannot be range of a comprehension (must be list, map, or dynamic)';
        this.fail(expression.at, `expression of type '${typeText(range)}' ${what}`);
        return [dyn, dyn];
      }
    }
  }

  private expectBool(expression: Expression): Type {
    const type = this.visit(expression);
    if (!isAssignable(bool, type, this.known)) {
      this.fail(expression.at, `expected type 'bool' but found '${typeText(resolved(type, this.known))}'`);
    }
    return bool;
  }

  private bind({ variable, value, body, optional }: Extract<Expression, { kind: 'bind' }>): Type {
    const whole = resolved(this.visit(value), this.known);
    let type = whole;
    if (optional) {
      if (whole.kind === 'optional') type = whole.element;
      else if (whole.kind === 'dyn') type = dyn;
      else this.fail(value.at, `expected type 'optional_type' but found '${typeText(whole)}'`);
    }
    const result = this.scope.within(new Map([[variable, type]]), () => this.visit(body));
    return optional === 'map' ? optionalOf(result) : result;
  }
}

function literalType(value: Literal): Type {
  if (value === null) return nullType;
  if (value instanceof Uint) return uint;
  if (value instanceof Bytes) return bytes;
  switch (typeof value) {
    case 'boolean':
      return bool;
    case 'bigint':
      return int;
    case 'number':
      return double;
    default:
      return string;
  }
}
