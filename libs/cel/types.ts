export type ScalarKind =
  | 'dyn'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null_type'
  | 'timestamp'
  | 'duration';

/** A field of an object type. */
export interface Field {
  readonly type: Type;
}

/**
 * A type of an expression. `max` is how many letters, items or entries a value has at the most, where a schema tells;
 * it is no part of the type and serves estimates of cost.
 */
export type Type =
  | { readonly kind: ScalarKind; readonly max?: number }
  | { readonly kind: 'list'; readonly element: Type; readonly max?: number }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type; readonly max?: number }
  | {
      readonly kind: 'object';
      readonly name: string;
      readonly fields: Fields;
      readonly max?: number;
    }
  | { readonly kind: 'opaque'; readonly name: string; readonly max?: number }
  | { readonly kind: 'optional'; readonly element: Type; readonly max?: number }
  | { readonly kind: 'type'; readonly of: Type; readonly max?: number }
  | { readonly kind: 'param'; readonly name: string; readonly max?: number };

/** The fields of an object type, by name. */
export interface Fields {
  get(name: string): Field | undefined;
}

export type ObjectType = Extract<Type, { kind: 'object' }>;

function scalar(kind: ScalarKind): Type {
  return { kind };
}

export const dyn = scalar('dyn');
export const bool = scalar('bool');
export const int = scalar('int');
export const uint = scalar('uint');
export const double = scalar('double');
export const string = scalar('string');
export const bytes = scalar('bytes');
export const nullType = scalar('null_type');
export const timestamp = scalar('timestamp');
export const duration = scalar('duration');

export function listOf(element: Type, max?: number): Type {
  return { kind: 'list', element, max };
}

export function mapOf(key: Type, value: Type, max?: number): Type {
  return { kind: 'map', key, value, max };
}

export function optionalOf(element: Type): Type {
  return { kind: 'optional', element };
}

/** A type as messages name it. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${typeText(type.element)})`;
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case 'optional':
      return `optional_type(${typeText(type.element)})`;
    case 'type':
      return `type(${typeText(type.of)})`;
    case 'object':
    case 'opaque':
      return type.name;
    case 'param':
      return type.name.replace(/#\d+$/, '');
    case 'null_type':
      return 'null';
    default:
      return type.kind;
  }
}

/** What has been found out about the parameters of generic types. */
export type Substitution = Map<string, Type>;

/** The type with parameters replaced by what is known of them; what is unknown is anything. */
export function resolved(type: Type, known: Substitution, unknown?: Type): Type {
  switch (type.kind) {
    case 'param': {
      const found = known.get(type.name);
      if (!found) return unknown ?? type;
      return resolved(found, known, unknown);
    }
    case 'list':
      return { ...type, element: resolved(type.element, known, unknown) };
    case 'optional':
      return { ...type, element: resolved(type.element, known, unknown) };
    case 'type':
      return { ...type, of: resolved(type.of, known, unknown) };
    case 'map':
      return { ...type, key: resolved(type.key, known, unknown), value: resolved(type.value, known, unknown) };
    default:
      return type;
  }
}

/** Renames the parameters, so that each use of a generic function has its own. */
export function fresh(type: Type, suffix: string): Type {
  switch (type.kind) {
    case 'param':
      return { kind: 'param', name: `${type.name}#${suffix}` };
    case 'list':
      return { ...type, element: fresh(type.element, suffix) };
    case 'optional':
      return { ...type, element: fresh(type.element, suffix) };
    case 'type':
      return { ...type, of: fresh(type.of, suffix) };
    case 'map':
      return { ...type, key: fresh(type.key, suffix), value: fresh(type.value, suffix) };
    default:
      return type;
  }
}

function nullable(type: Type): boolean {
  return ['object', 'opaque', 'timestamp', 'duration', 'optional', 'null_type'].includes(type.kind);
}

/** Whether a value of `from` may stand where `to` is wanted; notes what that says about parameters. */
export function isAssignable(to: Type, from: Type, known: Substitution): boolean {
  const target = followed(to, known);
  const source = followed(from, known);
  // Of two types that a parameter stands for, it takes the more general one.
  if (to.kind === 'param' && target.kind !== 'param' && source.kind === 'dyn')
    return bind(boundName(to, known), dyn, known);
  if (target.kind === 'param')
    return target === source || sameParam(target, source) || bind(target.name, source, known);
  if (source.kind === 'param') return bind(source.name, target, known);
  if (target.kind === 'dyn' || source.kind === 'dyn') return true;
  if (target.kind === 'null_type') return nullable(source);
  if (source.kind === 'null_type') return nullable(target);
  if (target.kind !== source.kind) return false;
  switch (target.kind) {
    case 'list':
      return isAssignable(target.element, (source as typeof target).element, known);
    case 'optional':
      return isAssignable(target.element, (source as typeof target).element, known);
    case 'map': {
      const other = source as typeof target;
      return isAssignable(target.key, other.key, known) && isAssignable(target.value, other.value, known);
    }
    case 'object':
    case 'opaque':
      return target.name === (source as typeof target).name;
    default:
      return true;
  }
}

function sameParam(a: Type, b: Type): boolean {
  return a.kind === 'param' && b.kind === 'param' && a.name === b.name;
}

function followed(type: Type, known: Substitution): Type {
  let current = type;
  while (current.kind === 'param') {
    const found = known.get(current.name);
    if (!found) return current;
    current = found;
  }
  return current;
}

/** The last of the parameters that stand for one another. */
function boundName(param: Type & { kind: 'param' }, known: Substitution): string {
  let { name } = param;
  for (let next = known.get(name); next?.kind === 'param'; next = known.get(name)) name = next.name;
  return name;
}

/** What a place holds that holds values of both types, of which either may stand for the other. */
export function moreGeneral(a: Type, b: Type): Type {
  return isAsGeneral(a, b) ? a : b;
}

/** Whether the first of two types that may stand for one another says no more than the second, nor do its parts. */
function isAsGeneral(a: Type, b: Type): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param') return false;
  if (a.kind === 'list' || a.kind === 'optional') return b.kind === a.kind && isAsGeneral(a.element, b.element);
  if (a.kind === 'map') return b.kind === 'map' && isAsGeneral(a.key, b.key) && isAsGeneral(a.value, b.value);
  return a.kind === 'type' ? b.kind === 'type' : sameType(a, b);
}

function bind(name: string, type: Type, known: Substitution): boolean {
  if (mentions(type, name, known)) return false;
  known.set(name, type);
  return true;
}

/** A parameter that stood for something around itself would have no end. */
function mentions(type: Type, name: string, known: Substitution): boolean {
  const found = followed(type, known);
  switch (found.kind) {
    case 'param':
      return found.name === name;
    case 'list':
    case 'optional':
      return mentions(found.element, name, known);
    case 'map':
      return mentions(found.key, name, known) || mentions(found.value, name, known);
    default:
      return false;
  }
}

export function sameType(a: Type, b: Type): boolean {
  return typeText(a) === typeText(b);
}
