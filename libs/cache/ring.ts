import type { CacheEvent } from './event.ts';

/** The newest events of a collection, oldest first, at most `capacity` of them. */
export class EventRing {
  private readonly slots: CacheEvent[] = [];
  private start = 0;

  constructor(
    private readonly capacity: number,
    /** Every event after this revision is here. */
    private floor: number,
  ) {}

  get floorRevision(): number {
    return this.floor;
  }

  push(event: CacheEvent): void {
    if (this.slots.length < this.capacity) {
      this.slots.push(event);
      return;
    }
    this.floor = this.slots[this.start]!.revision;
    this.slots[this.start] = event;
    this.start = (this.start + 1) % this.capacity;
  }

  /** The events after `revision`, which must not be below the floor. */
  after(revision: number): CacheEvent[] {
    const count = this.slots.length;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return Array.from({ length: count - low }, (_, index) => this.at(low + index));
  }

  private at(index: number): CacheEvent {
    return this.slots[(this.start + index) % this.slots.length]!;
  }
}
