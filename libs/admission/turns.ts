/** Lets one at a time go on for each key, in the order in which they came. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  /** Resolves with the way to let the next one go on. */
  async take(key: string): Promise<() => void> {
    const before = this.last.get(key);
    let finish = () => {};
    const turn = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.last.set(key, turn);
    await before;
    return () => {
      if (this.last.get(key) === turn) this.last.delete(key);
      finish();
    };
  }
}
