import type { Judging } from './judging.ts';

/** The epochs of local judgements as a view saw them last, each compared by itself. */
export class Epochs {
  private readonly judging: readonly Judging[];
  private readonly seen: Float64Array;

  constructor(judging: readonly Judging[]) {
    this.judging = judging;
    this.seen = new Float64Array(judging.length).fill(Number.NaN);
  }

  /** Asks each for its epoch; true when one of them is another than the last time. */
  begin(): boolean {
    const { judging, seen } = this;
    let isNew = false;
    for (let at = 0; at < judging.length; at++) {
      const { local } = judging[at]!;
      if (local?.epoch === undefined) continue;
      const epoch = local.epoch();
      if (epoch === seen[at]) continue;
      seen[at] = epoch;
      isNew = true;
    }
    return isNew;
  }
}
