import type { ValueSchema } from '../schema/types.ts';
import { itemElement } from './path-element.ts';
import { isHollow, isMembers, type Members, memberSchema, shapeOf } from './walk.ts';

/**
 * The live value with what is applied put over it: nothing goes, what the applied value says wins, lists of type map
 * and set merge by their keys. Shares parts of both; neither is changed.
 */
export function mergeApplied(live: unknown, applied: unknown, schema: ValueSchema): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const shape = shapeOf(applied ?? live, schema);
  if (shape === 'leaf' || shape !== shapeOf(live ?? applied, schema)) return applied;
  if (isHollow(live) && isHollow(applied)) return applied;
  if (shape === 'list') return mergeItems(listOf(live), listOf(applied), schema);
  return mergeMembers(isMembers(live) ? live : {}, isMembers(applied) ? applied : {}, schema);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function mergeMembers(live: Members, applied: Members, schema: ValueSchema): Members {
  const merged: Members = { ...live };
  for (const name in applied) {
    const below = memberSchema(schema, name);
    if (below) merged[name] = mergeApplied(live[name], applied[name], below);
  }
  return merged;
}

interface Entry {
  readonly element: string;
  readonly item: unknown;
}

const entriesOf = (list: readonly unknown[], schema: ValueSchema): Entry[] =>
  list.map((item) => ({ element: itemElement(item, schema), item }));

/** Items by key; undefined for a key that stands more than once, which is not merged into. */
function byElement(entries: readonly Entry[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const { element, item } of entries) found.set(element, found.has(element) ? undefined : item);
  return found;
}

/**
 * Weaves two lists: items of both in the order of the applied list, items that only the live list has near where they
 * stood. The order is that of Kubernetes' structured merge.
 */
class Weaver {
  readonly merged: unknown[] = [];
  private readonly liveItems: Map<string, unknown>;
  private readonly appliedItems: Map<string, unknown>;
  private readonly done = new Set<string>();
  private readonly shared: string[];
  private readonly live: Entry[];
  private readonly applied: Entry[];
  private readonly schema: ValueSchema;

  constructor(live: readonly unknown[], applied: readonly unknown[], schema: ValueSchema) {
    this.schema = schema;
    this.live = entriesOf(live, schema);
    this.applied = entriesOf(applied, schema);
    this.liveItems = byElement(this.live);
    this.appliedItems = byElement(this.applied);
    this.shared = this.applied.map(({ element }) => element).filter((element) => this.liveItems.has(element));
  }

  weave(): unknown[] {
    let next = this.shared.shift();
    let l = 0;
    let r = 0;
    while (l < this.live.length || r < this.applied.length) {
      const left = this.live[l];
      const right = this.applied[r];
      if (left && right) {
        if (left.element === right.element) {
          this.takeApplied(right);
          l++;
          r++;
          next = this.shared.shift();
          continue;
        }
        if (this.appliedItems.has(left.element) && next !== undefined && next !== left.element) {
          l++;
          continue;
        }
      }
      if (left) {
        if (!this.appliedItems.has(left.element)) {
          this.merged.push(left.item);
          l++;
          continue;
        }
        if (this.done.has(left.element)) l++;
      }
      if (right) {
        this.takeApplied(right);
        r++;
        if (next === right.element) next = this.shared.shift();
      }
    }
    return this.merged;
  }

  private takeApplied({ element, item }: Entry): void {
    this.done.add(element);
    this.merged.push(mergeApplied(this.liveItems.get(element), item, this.schema.element!));
  }
}

function mergeItems(live: readonly unknown[], applied: readonly unknown[], schema: ValueSchema): unknown[] {
  return new Weaver(live, applied, schema).weave();
}
