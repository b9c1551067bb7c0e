import type { Committed, Transaction } from '../store/store.ts';
import { GuardFailedError, StoreUnavailableError } from '../store/store.ts';
import { Round } from './round.ts';

/** More transactions than this waiting is overload. */
const waitingTransactionsMax = 100_000;
/** While one round is under way the next gathers; only a full one does not wait for it, up to this many at once. */
const roundsUnderWayMax = 4;

interface Waiting {
  readonly transaction: Transaction;
  resolve(committed: Committed): void;
  reject(error: unknown): void;
}

/** Sends a round and tells what became of each of its transactions; fails when that is not known. */
export type SendRound = (round: Round) => Promise<Array<Committed | GuardFailedError>>;

/**
 * Group commit. Transactions that arrive while one round is under way form the next: one call and one entry of etcd's
 * log for all of them, which is what a write costs. Alone, a transaction waits for nobody.
 */
export class RoundQueue {
  private waiting: Waiting[] = [];
  private underWay = 0;
  private isScheduled = false;

  constructor(private readonly send: SendRound) {}

  commit(transaction: Transaction): Promise<Committed> {
    if (this.waiting.length >= waitingTransactionsMax) {
      return Promise.reject(new StoreUnavailableError('too many transactions are waiting for etcd'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ transaction, resolve, reject });
      this.schedule();
    });
  }

  /** Whatever else this turn of the event loop brings joins the round. */
  private schedule(): void {
    if (this.isScheduled || this.underWay >= roundsUnderWayMax) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.fill();
    });
  }

  private fill(): void {
    while (this.waiting.length > 0 && this.underWay < roundsUnderWayMax) {
      const { round, isFull, taken, left } = gather(this.waiting);
      if (this.underWay > 0 && !isFull) return;
      this.waiting = left;
      void this.run(round, taken);
    }
  }

  private async run(round: Round, taken: readonly Waiting[]): Promise<void> {
    this.underWay++;
    try {
      const outcomes = await this.send(round);
      for (const [at, { resolve, reject }] of taken.entries()) {
        const outcome = outcomes[at]!;
        if (outcome instanceof GuardFailedError) reject(outcome);
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
    this.underWay--;
    if (this.waiting.length > 0) this.schedule();
  }
}

/** A round of those that wait, in their order but for those that depend on what it writes. */
function gather(waiting: readonly Waiting[]) {
  const round = new Round();
  const taken: Waiting[] = [];
  const left: Waiting[] = [];
  for (const [at, one] of waiting.entries()) {
    const answer = round.take(one.transaction);
    if (answer === 'full') return { round, isFull: true, taken, left: left.concat(waiting.slice(at)) };
    (answer === 'taken' ? taken : left).push(one);
  }
  return { round, isFull: false, taken, left };
}
