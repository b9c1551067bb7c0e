import type { ValueSchema } from '../schema/types.ts';
import { FieldSet } from './field-set.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { isHollow, isMembers, isNamedField, type Members, memberSchema, shapeOf } from './walk.ts';

/** Every path that a value contains: what an applied configuration claims. */
export function ownedPaths(value: unknown, schema: ValueSchema): FieldSet {
  const shape = shapeOf(value, schema);
  if (shape === 'leaf') return FieldSet.leaf;
  if (shape === 'list') return Array.isArray(value) ? ownedItems(value, schema) : FieldSet.empty;
  return isMembers(value) ? ownedMembers(value, schema) : FieldSet.empty;
}

function ownedMembers(value: Members, schema: ValueSchema): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const name in value) {
    const member = value[name];
    const below = memberSchema(schema, name);
    if (member === undefined || below === undefined) continue;
    const owned = ownedPaths(member, below);
    const hollow = member === null || (isMembers(member) && isHollow(member));
    const own = owned.member || hollow || !isNamedField(schema, name);
    if (own || owned.children.size > 0) {
      children.set(fieldElement(name), own === owned.member ? owned : new FieldSet(own, owned.children));
    }
  }
  return new FieldSet(false, children);
}

function ownedItems(list: readonly unknown[], schema: ValueSchema): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const item of list) {
    const element = itemElement(item, schema);
    const twice = children.has(element);
    const owned = twice ? FieldSet.leaf : ownedPaths(item, schema.element!);
    children.set(element, owned.member ? owned : new FieldSet(true, owned.children));
  }
  return new FieldSet(false, children);
}

/** Every path at and below a value that appears or goes away as a whole. */
export function wholePaths(value: unknown, schema: ValueSchema): FieldSet {
  const shape = shapeOf(value, schema);
  const children = new Map<string, FieldSet>();
  if (shape === 'list' && Array.isArray(value)) {
    for (const item of value) {
      const element = itemElement(item, schema);
      children.set(element, children.has(element) ? FieldSet.leaf : wholePaths(item, schema.element!));
    }
  } else if (shape === 'members' && isMembers(value)) {
    for (const name in value) {
      const below = value[name] === undefined ? undefined : memberSchema(schema, name);
      if (below) children.set(fieldElement(name), wholePaths(value[name], below));
    }
  }
  return children.size === 0 ? FieldSet.leaf : new FieldSet(true, children);
}
