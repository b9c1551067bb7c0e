import { equalJson } from '../patch/json-value.ts';
import type { ValueSchema } from '../schema/types.ts';
import { FieldSet } from './field-set.ts';
import { wholePaths } from './owned.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { isHollow, isMembers, type Members, memberSchema, shapeOf } from './walk.ts';

/** The paths at which two states of an object differ. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export const noChange: Comparison = { added: FieldSet.empty, modified: FieldSet.empty, removed: FieldSet.empty };
const leafModified: Comparison = { ...noChange, modified: FieldSet.leaf };

class Collector {
  private readonly added = new Map<string, FieldSet>();
  private readonly modified = new Map<string, FieldSet>();
  private readonly removed = new Map<string, FieldSet>();

  put(element: string, change: Comparison): void {
    if (change === noChange) return;
    if (!change.added.isEmpty) this.added.set(element, change.added);
    if (!change.modified.isEmpty) this.modified.set(element, change.modified);
    if (!change.removed.isEmpty) this.removed.set(element, change.removed);
  }

  result(): Comparison {
    if (this.added.size + this.modified.size + this.removed.size === 0) return noChange;
    const set = (children: Map<string, FieldSet>) =>
      children.size === 0 ? FieldSet.empty : new FieldSet(false, children);
    return { added: set(this.added), modified: set(this.modified), removed: set(this.removed) };
  }
}

/** What changed from one value to another; undefined is absence. */
export function compareValues(before: unknown, after: unknown, schema: ValueSchema): Comparison {
  if (before === after) return noChange;
  if (before === undefined) return { ...noChange, added: wholePaths(after, schema) };
  if (after === undefined) return { ...noChange, removed: wholePaths(before, schema) };
  const shape = shapeOf(before ?? after, schema);
  const differentKinds = shape !== shapeOf(after ?? before, schema);
  if (shape === 'leaf' || differentKinds || (isHollow(before) && isHollow(after))) {
    return equalJson(before, after) ? noChange : leafModified;
  }
  if (shape === 'list') return compareItems(listOf(before), listOf(after), schema);
  return compareMembers(isMembers(before) ? before : {}, isMembers(after) ? after : {}, schema);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function compareMembers(before: Members, after: Members, schema: ValueSchema): Comparison {
  const changes = new Collector();
  for (const name in after) {
    const below = memberSchema(schema, name);
    if (below) changes.put(fieldElement(name), compareValues(before[name], after[name], below));
  }
  for (const name in before) {
    if (name in after) continue;
    const below = memberSchema(schema, name);
    if (below) changes.put(fieldElement(name), compareValues(before[name], undefined, below));
  }
  return changes.result();
}

function itemsByElement(list: readonly unknown[], schema: ValueSchema): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(item, schema);
    const same = items.get(element);
    if (same) same.push(item);
    else items.set(element, [item]);
  }
  return items;
}

function compareItems(before: readonly unknown[], after: readonly unknown[], schema: ValueSchema): Comparison {
  const changes = new Collector();
  const left = itemsByElement(before, schema);
  const right = itemsByElement(after, schema);
  const none: unknown[] = [];
  for (const [element, items] of right) {
    changes.put(element, compareSame(left.get(element) ?? none, items, schema.element!));
  }
  for (const [element, items] of left) {
    if (!right.has(element)) changes.put(element, compareSame(items, none, schema.element!));
  }
  return changes.result();
}

/** Items of one key; keys that stand more than once are taken as one value. */
function compareSame(before: readonly unknown[], after: readonly unknown[], schema: ValueSchema): Comparison {
  if (before.length <= 1 && after.length <= 1) return compareValues(before[0], after[0], schema);
  if (before.length > 1 && after.length > 1) return equalJson(before, after) ? noChange : leafModified;
  const single = compareValues(
    before.length > 1 ? undefined : before[0],
    after.length > 1 ? undefined : after[0],
    schema,
  );
  if (before.length > 1) return { ...single, removed: single.removed.union(FieldSet.leaf) };
  return { ...single, added: single.added.union(FieldSet.leaf) };
}
