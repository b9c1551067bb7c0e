import type { Refusal } from './plugin.ts';

/** What keeps nodes out, and the plugin that says so. */
export interface KnownRefusal {
  readonly name: string;
  readonly refusal: Refusal;
  readonly isResolvable: boolean;
}

/** Nodes named for each refusal. */
export const examplesMax = 4;
/** Numbers that are written of each refusal: its own, how many nodes it keeps out, and slots of some, -1 after the last. */
export const numbersPerRefusal = 2 + examplesMax;

interface Entry extends KnownRefusal {
  count: number;
  readonly examples: number[];
}

/** Which refusals keep how many nodes from one class of pods. Refusals have numbers, so that nodes can hold them. */
export class RefusalBook {
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

  at(id: number): KnownRefusal {
    return this.entries[id]!;
  }

  add(id: number, slot: number): void {
    const { examples } = this.entries[id]!;
    this.entries[id]!.count++;
    examples.push(slot);
    if (examples.length > examplesMax) examples.shift();
  }

  remove(id: number): void {
    this.entries[id]!.count--;
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

  /**
   * Writes who keeps how many nodes out, `numbersPerRefusal` numbers for each of up to `max` refusals, and answers how
   * many. Of more, those that keep most nodes out are written.
   * @param outcomes by slot; -1 - n says that the node is refused by refusal n
   */
  write(into: Int32Array, offset: number, { max, outcomes }: { max: number; outcomes: Int32Array }): number {
    let written = 0;
    for (let id = 0; id < this.entries.length; id++) {
      const { count } = this.entries[id]!;
      if (count === 0) continue;
      const isFull = written === max;
      const at = offset + (isFull ? leastPlace(into, offset, max) : written) * numbersPerRefusal;
      if (isFull && into[at + 1]! >= count) continue;
      if (!isFull) written++;
      this.writeOne(id, into, { at, outcomes });
    }
    return written;
  }

  private writeOne(id: number, into: Int32Array, { at, outcomes }: { at: number; outcomes: Int32Array }): void {
    const { count, examples } = this.entries[id]!;
    into[at] = id;
    into[at + 1] = count;
    let end = at + 2;
    for (let each = 0; each < examples.length; each++) {
      const slot = examples[each]!;
      // The node may fit by now, be refused for another reason, or have come twice.
      if (outcomes[slot] !== -1 - id || examples.indexOf(slot) !== each) continue;
      into[end++] = slot;
    }
    if (end < at + numbersPerRefusal) into[end] = -1;
  }
}

/** Where the refusal is written that keeps the fewest nodes out. */
function leastPlace(numbers: Int32Array, offset: number, count: number): number {
  let least = 0;
  for (let place = 1; place < count; place++) {
    const at = offset + place * numbersPerRefusal + 1;
    if (numbers[at]! < numbers[offset + least * numbersPerRefusal + 1]!) least = place;
  }
  return least;
}
