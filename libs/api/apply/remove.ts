import type { ValueSchema } from '../schema/types.ts';
import { FieldSet } from './field-set.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { isHollow, isMembers, type Members, memberSchema, shapeOf } from './walk.ts';

/** The value without the members of a set. Shares what stays. */
export function removePaths(value: unknown, set: FieldSet, schema: ValueSchema): unknown {
  if (set.children.size === 0) return value;
  const shape = shapeOf(value, schema);
  if (shape === 'list') return Array.isArray(value) ? removeItems(value, set, schema) : null;
  if (shape === 'leaf') return schema.kind === 'scalar' ? value : null;
  if (!isMembers(value) || isHollow(value)) return null;
  const kept: Members = {};
  for (const name in value) {
    const below = set.children.get(fieldElement(name));
    if (below?.member) continue;
    kept[name] = below ? removeBelow(value[name], below, memberSchema(schema, name)) : value[name];
  }
  return kept;
}

/** What remains of a container that itself stays: at least an empty one. */
function removeBelow(value: unknown, set: FieldSet, schema: ValueSchema | undefined): unknown {
  if (!schema || set.children.size === 0) return value;
  const rest = removePaths(value, set, schema);
  if (rest !== null) return rest;
  return Array.isArray(value) ? [] : isMembers(value) ? {} : null;
}

function removeItems(list: readonly unknown[], set: FieldSet, schema: ValueSchema): unknown {
  const kept: unknown[] = [];
  let touched = false;
  for (const item of list) {
    const below = set.children.get(itemElement(item, schema));
    if (below?.member) continue;
    if (below) touched = true;
    kept.push(below ? removeBelow(item, below, schema.element) : item);
  }
  return kept.length > 0 || touched ? kept : null;
}

/** The set with every field that the type names and that has members below it as a member too. */
export function withNamedFields(set: FieldSet, schema: ValueSchema | undefined): FieldSet {
  if (set.children.size === 0 || !schema) return set;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const isField = element.startsWith('f:');
    const name = element.slice(2);
    const below = withNamedFields(child, isField ? memberSchema(schema, name) : schema.element);
    const named = isField && schema.kind === 'object' && schema.type!.fields.has(name);
    children.set(element, named && !below.member ? new FieldSet(true, below.children) : below);
  }
  return new FieldSet(set.member, children);
}
