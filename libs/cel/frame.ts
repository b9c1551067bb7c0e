import { CostError } from './errors.ts';
import type { Value } from './values.ts';

/** One evaluation under way: the variables by slot, and what it has cost so far. */
export class Frame {
  cost = 0;

  constructor(
    readonly slots: Value[],
    private readonly costMax: number,
  ) {}

  /** @throws CostError when the evaluation has become too dear. */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.costMax) throw new CostError();
  }
}

/** An expression made ready to run. */
export type Step = (frame: Frame) => Value;
