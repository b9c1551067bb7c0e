import type { Refusal } from './plugin.ts';

/** Nodes that one refusal keeps out, as far as a decision's record names them. */
export interface RefusedGroup {
  /** The plugin that refuses. */
  name: string;
  refusal: Refusal;
  isResolvable: boolean;
  count: number;
  /** Slots of some of them, the latest to be refused. */
  slots: readonly number[];
}

/** Nodes named for each refusal. */
export const examplesMax = 4;

interface Entry {
  readonly name: string;
  readonly refusal: Refusal;
  readonly isResolvable: boolean;
  count: number;
  readonly examples: number[];
}

/** Which refusals keep how many nodes from one class of pods. Refusals have numbers, so that nodes can hold them. */
export class RefusalBook {
  /** Grows when the counts, or what the examples lack, may have changed. */
  version = 0;
  private readonly entries: Entry[] = [];
  /** Of refusals that more room could change, and of those that it could not. */
  private readonly ids = { resolvable: new Map<Refusal, number>(), final: new Map<Refusal, number>() };

  idOf(refusal: Refusal, name: string, isResolvable: boolean): number {
    const ids = isResolvable ? this.ids.resolvable : this.ids.final;
    let id = ids.get(refusal);
    if (id === undefined) {
      id = this.entries.length;
      this.entries.push({ name, refusal, isResolvable, count: 0, examples: [] });
      ids.set(refusal, id);
    }
    return id;
  }

  isResolvable(id: number): boolean {
    return this.entries[id]!.isResolvable;
  }

  add(id: number, slot: number): void {
    this.version++;
    const { examples } = this.entries[id]!;
    this.entries[id]!.count++;
    examples.push(slot);
    if (examples.length > examplesMax) examples.shift();
  }

  remove(id: number): void {
    this.version++;
    this.entries[id]!.count--;
  }

  /** A node was refused again, perhaps with other numbers. */
  repeat(id: number, slot: number): void {
    if (this.entries[id]!.examples.includes(slot)) this.version++;
  }

  /** Nodes that would be refused as well if no pod were there. */
  get finalCount(): number {
    let count = 0;
    for (const entry of this.entries) if (!entry.isResolvable) count += entry.count;
    return count;
  }

  /** Each reason with its number of nodes. */
  counts(): Map<Refusal, number> {
    const counts = new Map<Refusal, number>();
    for (const { refusal, count } of this.entries) {
      if (count === 0) continue;
      for (const reason of refusal.split('\n')) counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
    return counts;
  }

  /** `isRefused` says whether an example is still refused by this number. */
  groups(isRefused: (slot: number, id: number) => boolean): RefusedGroup[] {
    // Asked at every decision where each one makes another node unfit: written without what makes objects on the way.
    const groups: RefusedGroup[] = [];
    for (let id = 0; id < this.entries.length; id++) {
      const { name, refusal, isResolvable, count, examples } = this.entries[id]!;
      if (count === 0) continue;
      const slots: number[] = [];
      for (const slot of examples) if (!slots.includes(slot) && isRefused(slot, id)) slots.push(slot);
      const group: RefusedGroup = { name, refusal, isResolvable, count, slots };
      const like = groups.findIndex((other) => other.refusal === refusal);
      if (like < 0) groups.push(group);
      else groups[like] = together(groups[like]!, group);
    }
    return groups;
  }
}

/** Nodes that are refused in the same words, some for now and some whatever happens to their pods. */
function together(one: RefusedGroup, other: RefusedGroup): RefusedGroup {
  const slots = [...one.slots, ...other.slots].slice(0, examplesMax);
  return {
    ...one,
    isResolvable: one.isResolvable || other.isResolvable,
    count: one.count + other.count,
    slots,
  };
}
