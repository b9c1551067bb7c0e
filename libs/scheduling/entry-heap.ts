import type { QueueEntry } from './queue-entry.ts';

/** Whether `one` comes before `other`: higher priority first, then the earlier arrival. */
export function isBefore(one: QueueEntry, other: QueueEntry): boolean {
  if (one.info.priority !== other.info.priority) return one.info.priority > other.info.priority;
  return one.arrival < other.arrival;
}

/** A binary heap of waiting pods from which any can be removed. */
export class EntryHeap {
  private readonly entries: QueueEntry[] = [];
  private readonly places = new Map<QueueEntry, number>();

  get size(): number {
    return this.entries.length;
  }

  peek(): QueueEntry | undefined {
    return this.entries[0];
  }

  push(entry: QueueEntry): void {
    this.entries.push(entry);
    this.places.set(entry, this.entries.length - 1);
    this.rise(this.entries.length - 1);
  }

  pop(): QueueEntry | undefined {
    const first = this.entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(entry: QueueEntry): void {
    const at = this.places.get(entry);
    if (at === undefined) return;
    this.places.delete(entry);
    const last = this.entries.pop()!;
    if (last === entry) return;
    this.put(at, last);
    this.rise(at);
    this.sink(this.places.get(last)!);
  }

  private rise(at: number): void {
    const entry = this.entries[at]!;
    let place = at;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(entry, this.entries[parent]!)) break;
      this.put(place, this.entries[parent]!);
      place = parent;
    }
    this.put(place, entry);
  }

  private sink(at: number): void {
    const entry = this.entries[at]!;
    let place = at;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.entries.length) break;
      if (child + 1 < this.entries.length && isBefore(this.entries[child + 1]!, this.entries[child]!)) child++;
      if (!isBefore(this.entries[child]!, entry)) break;
      this.put(place, this.entries[child]!);
      place = child;
    }
    this.put(place, entry);
  }

  private put(at: number, entry: QueueEntry): void {
    this.entries[at] = entry;
    this.places.set(entry, at);
  }
}
