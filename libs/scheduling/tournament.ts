/** Smaller than every score: the node is no candidate. */
export const excluded = -1;

/**
 * The best of a changing set of scores in logarithmic time: a complete binary tree whose inner nodes hold the larger
 * of their children. Ties are broken by the seed, level by level, so that equal nodes are chosen evenly and a given
 * seed always chooses the same one.
 */
export class Tournament {
  private members: Int32Array;
  private tree: Float64Array;
  private leaves: number;
  size = 0;

  constructor(capacity = 8) {
    this.leaves = 8;
    while (this.leaves < capacity) this.leaves *= 2;
    this.members = new Int32Array(this.leaves);
    this.tree = new Float64Array(this.leaves * 2).fill(excluded);
  }

  /** The best score; `excluded` when there is none. */
  get best(): number {
    return this.tree[1]!;
  }

  /** Enters a member, excluded at first, and returns its place. */
  enter(member: number): number {
    if (this.size === this.leaves) this.grow();
    this.members[this.size] = member;
    return this.size++;
  }

  set(place: number, score: number): void {
    const { tree } = this;
    let at = this.leaves + place;
    tree[at] = score;
    for (at >>= 1; at >= 1; at >>= 1) {
      const left = tree[at * 2]!;
      const right = tree[at * 2 + 1]!;
      const larger = Math.max(left, right);
      if (tree[at] === larger) return;
      tree[at] = larger;
    }
  }

  /** The member with the best score. Call it only when there is one. */
  pick(seed: number): number {
    const { tree } = this;
    let at = 1;
    let bits = seed;
    while (at < this.leaves) {
      const left = tree[at * 2]!;
      const right = tree[at * 2 + 1]!;
      bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d) + at;
      if (left === right) at = at * 2 + ((bits >>> 16) & 1);
      else at = left > right ? at * 2 : at * 2 + 1;
    }
    return this.members[at - this.leaves]!;
  }

  memberAt(place: number): number {
    return this.members[place]!;
  }

  scoreAt(place: number): number {
    return this.tree[this.leaves + place]!;
  }

  /** The place of the best member beside one; undefined when that is the only one. */
  second(place: number): number | undefined {
    const { tree } = this;
    let best = 0;
    for (let at = this.leaves + place; at > 1; at >>= 1) {
      const sibling = at ^ 1;
      if (best === 0 || tree[sibling]! > tree[best]!) best = sibling;
    }
    if (tree[best] === excluded) return undefined;
    while (best < this.leaves) best = tree[best * 2]! >= tree[best * 2 + 1]! ? best * 2 : best * 2 + 1;
    return best - this.leaves;
  }

  private grow(): void {
    const members = new Int32Array(this.leaves * 2);
    members.set(this.members);
    const before = this.tree.subarray(this.leaves);
    this.members = members;
    this.leaves *= 2;
    this.tree = new Float64Array(this.leaves * 2).fill(excluded);
    this.tree.set(before, this.leaves);
    for (let at = this.leaves - 1; at >= 1; at--) {
      this.tree[at] = Math.max(this.tree[at * 2]!, this.tree[at * 2 + 1]!);
    }
  }
}
