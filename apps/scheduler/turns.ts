/** Lets only so many requests be under way at once; further ones wait, the first come first. */
export class Turns {
  private readonly max: number;
  private underWay = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(max: number) {
    this.max = max;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.underWay < this.max) this.underWay++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever waits takes the turn over.
      const next = this.waiting.shift();
      if (next === undefined) this.underWay--;
      else next();
    }
  }
}
