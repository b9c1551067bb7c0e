import type { Committed, Transaction } from '../store/store.ts';
import { type GuardFailedError, StoreUnavailableError } from '../store/store.ts';
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

/** A round that fills, in the order in which they come but for those that depend on what it writes. */
class Gathering {
  readonly round = new Round();
  readonly taken: Waiting[] = [];
  readonly left: Waiting[] = [];
  isFull = false;

  add(one: Waiting): void {
    const answer = this.isFull ? 'full' : this.round.take(one.transaction);
    this.isFull = answer === 'full';
    (answer === 'taken' ? this.taken : this.left).push(one);
  }
}

/**
 * Group commit. Transactions that arrive while one round is under way form the next: one call and one entry of etcd's
 * log for all of them, which is what a write costs. Alone, a transaction waits for nobody.
 */
export class RoundQueue {
  private next = new Gathering();
  private underWay = 0;
  private isScheduled = false;

  constructor(private readonly send: SendRound) {}

  commit(transaction: Transaction): Promise<Committed> {
    if (this.next.left.length >= waitingTransactionsMax) {
      return Promise.reject(new StoreUnavailableError('too many transactions are waiting for etcd'));
    }
    return new Promise((resolve, reject) => {
      this.next.add({ transaction, resolve, reject });
      this.schedule();
    });
  }

  /** Whether a round is due that has something in it. */
  private get isDue(): boolean {
    const isTurn = this.underWay === 0 || (this.next.isFull && this.underWay < roundsUnderWayMax);
    return isTurn && this.next.taken.length > 0;
  }

  /** Whatever else this turn of the event loop brings joins the round. */
  private schedule(): void {
    if (this.isScheduled || !this.isDue) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.startDue();
    });
  }

  private startDue(): void {
    while (this.isDue) {
      const { round, taken, left } = this.next;
      this.next = new Gathering();
      for (const one of left) this.next.add(one);
      void this.run(round, taken);
    }
  }

  private async run(round: Round, taken: readonly Waiting[]): Promise<void> {
    this.underWay++;
    const answer = await this.send(round).catch((error: unknown) => taken.map(() => error));
    this.underWay--;
    // etcd has its next work before those who waited go on with theirs.
    this.startDue();
    for (const [at, { resolve, reject }] of taken.entries()) {
      const outcome = answer[at];
      if (isCommitted(outcome)) resolve(outcome);
      else reject(outcome);
    }
  }
}

function isCommitted(outcome: unknown): outcome is Committed {
  return !(outcome instanceof Error);
}
