import { compareHarm, type Harm } from './harm.ts';

/** No slot. */
const nobody = -1;

/**
 * The node with the least harm, of a changing set, in logarithmic time: a complete binary tree whose inner nodes hold
 * the better slot of their children. `Tournament` does the same for scores that are one number; harm is several.
 */
export class HarmTree {
  private readonly harms: Array<Harm | undefined> = [];
  private leaves = 8;
  private tree = new Int32Array(this.leaves * 2).fill(nobody);

  /** Sets what a slot costs; undefined when it cannot be had. */
  set(slot: number, harm: Harm | undefined): void {
    if (slot >= this.leaves) this.grow(slot);
    this.harms[slot] = harm;
    const { tree } = this;
    let at = this.leaves + slot;
    tree[at] = harm === undefined ? nobody : slot;
    for (at >>= 1; at >= 1; at >>= 1) {
      const better = this.better(tree[at * 2]!, tree[at * 2 + 1]!);
      // The way up is the same as before unless the slot has won or lost here.
      if (tree[at] === better && better !== slot) return;
      tree[at] = better;
    }
  }

  /** The slot with the least harm, equal ones told apart by the seed, level by level; undefined when there is none. */
  pick(seed: number): number | undefined {
    const { tree, leaves } = this;
    if (tree[1] === nobody) return undefined;
    let bits = seed;
    let at = 1;
    while (at < leaves) {
      const left = tree[at * 2]!;
      const right = tree[at * 2 + 1]!;
      bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d) + at;
      if (this.isEqual(left, right)) at = at * 2 + ((bits >>> 16) & 1);
      else at = tree[at] === left ? at * 2 : at * 2 + 1;
    }
    return tree[at];
  }

  private better(left: number, right: number): number {
    if (left === nobody || right === nobody) return Math.max(left, right);
    return compareHarm(this.harms[left]!, this.harms[right]!) <= 0 ? left : right;
  }

  private isEqual(left: number, right: number): boolean {
    return left !== nobody && right !== nobody && compareHarm(this.harms[left]!, this.harms[right]!) === 0;
  }

  private grow(slot: number): void {
    while (slot >= this.leaves) this.leaves *= 2;
    this.tree = new Int32Array(this.leaves * 2).fill(nobody);
    for (const [at, harm] of this.harms.entries()) if (harm !== undefined) this.tree[this.leaves + at] = at;
    for (let at = this.leaves - 1; at >= 1; at--)
      this.tree[at] = this.better(this.tree[at * 2]!, this.tree[at * 2 + 1]!);
  }
}
