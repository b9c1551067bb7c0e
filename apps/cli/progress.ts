import type { Clock } from '../../libs/base/clock.ts';
import { say } from './command.ts';

export type ProgressLine = { text: string; tookMs?: number };

/** Shows what is being done and how long it took, as lines that read well in a log too. */
export class Progress {
  private readonly since: number;

  constructor(
    private readonly clock: Clock,
    private readonly write: (line: string) => void = say,
  ) {
    this.since = clock.monotonic();
  }

  get elapsedMs(): number {
    return this.clock.monotonic() - this.since;
  }

  /** Does the work and then says that it is done, with the time that it took. */
  async step<T>(text: string, work: () => Promise<T>): Promise<T> {
    const since = this.clock.monotonic();
    try {
      const result = await work();
      this.write(`  ✓ ${text.padEnd(52)} ${seconds(this.clock.monotonic() - since)}`);
      return result;
    } catch (error) {
      this.write(`  ✗ ${text}`);
      throw error;
    }
  }

  say(line: string): void {
    this.write(line);
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function nodeCount(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
