import type { Document } from './document.ts';

/** The objects of one namespace (or all of a cluster-scoped kind) by name, listed in name order. */
export class Bucket {
  private readonly documents = new Map<string, Document>();
  /** Names in order, while `ordered` holds. */
  private names: string[] = [];
  private ordered = true;

  get size(): number {
    return this.documents.size;
  }

  get(name: string): Document | undefined {
    return this.documents.get(name);
  }

  /** Puts a document in the place of `previous`, which is the one of that name. */
  replace(name: string, previous: Document | undefined, document: Document): void {
    if (!previous) {
      if (this.ordered && this.names.length > 0 && name < this.names[this.names.length - 1]!) this.ordered = false;
      this.names.push(name);
    }
    this.documents.set(name, document);
  }

  delete(name: string): void {
    if (!this.documents.delete(name)) return;
    this.ordered = false;
  }

  /** Pairs of name and document in name order, from the first name after `after` on. */
  *after(after: string): IterableIterator<[string, Document]> {
    const names = this.sortedNames();
    for (let index = after === '' ? 0 : firstAfter(names, after); index < names.length; index++) {
      const name = names[index]!;
      yield [name, this.documents.get(name)!];
    }
  }

  /** How many names come after `after`. */
  countAfter(after: string): number {
    const names = this.sortedNames();
    return after === '' ? names.length : names.length - firstAfter(names, after);
  }

  private sortedNames(): string[] {
    if (!this.ordered) {
      this.names = [...this.documents.keys()].sort();
      this.ordered = true;
    }
    return this.names;
  }
}

function firstAfter(names: readonly string[], after: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (names[middle]! <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
