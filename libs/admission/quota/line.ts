import type { StoreMirror } from '../../cache/mirror.ts';
import type { QuotaWrite } from '../../registry/quotas.ts';
import type { ObjectWriter } from '../../registry/writer.ts';
import { type Committed, GuardFailedError, type Transaction, transactionOperationsMax } from '../../store/store.ts';
import { isQuotaKey, type QuotaLedger } from './ledger.ts';

/** How often writes are tried again whose quotas another server charged meanwhile. */
export const quotaAttemptsMax = 200;
/** What one transaction carries at most, unless a single write is larger. */
export const roundBytesMax = 512 * 1024;

interface Waiting {
  readonly write: QuotaWrite;
  readonly transaction: Transaction;
  resolve(committed: Committed): void;
  reject(error: unknown): void;
}

interface LineParts {
  readonly namespace: string;
  readonly ledger: QuotaLedger;
  readonly mirror: StoreMirror;
  readonly writer: ObjectWriter;
  /** Nobody waits any more. */
  emptied(): void;
}

/** The bounded writes of one namespace, in the order in which they came. All that wait go in one transaction. */
export class QuotaLine {
  private waiting: Waiting[] = [];
  private isMoving = false;

  constructor(private readonly parts: LineParts) {}

  add(write: QuotaWrite, transaction: Transaction): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ write, transaction, resolve, reject });
      if (!this.isMoving) void this.move();
    });
  }

  private async move(): Promise<void> {
    this.isMoving = true;
    // Writes of one turn go together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const round = this.waiting.splice(0, this.roundLength());
      try {
        await this.commit(round);
      } catch (error) {
        for (const one of round) one.reject(error);
      }
    }
    this.isMoving = false;
    this.parts.emptied();
  }

  /** How many of those that wait fit into one transaction beside the quotas; no key may be written twice in it. */
  private roundLength(): number {
    const room = transactionOperationsMax - this.parts.ledger.quotasIn(this.parts.namespace);
    const keys = new Set<string>();
    let [guards, writes, bytes] = [0, 0, 0];
    for (const [at, { transaction }] of this.waiting.entries()) {
      const touched = [...transaction.guards, ...transaction.writes].map(({ key }) => key);
      guards += transaction.guards.length;
      writes += transaction.writes.length;
      for (const { value } of transaction.writes) bytes += value?.length ?? 0;
      const isFull = Math.max(guards, writes) > room || bytes > roundBytesMax;
      if (at > 0 && (isFull || touched.some((key) => keys.has(key)))) return at;
      for (const { key } of transaction.writes) keys.add(key);
    }
    return this.waiting.length;
  }

  private async commit(round: readonly Waiting[]): Promise<void> {
    const { writer, mirror } = this.parts;
    let open = round;
    for (let attempt = 1; ; attempt++) {
      const { granted, guards, writes } = await this.count(open);
      open = granted;
      if (open.length === 0) return;
      try {
        const { revision, writeRevisions } = await writer.commit({
          guards: [...open.flatMap(({ transaction }) => transaction.guards), ...guards],
          writes: [...open.flatMap(({ transaction }) => transaction.writes), ...writes],
        });
        let at = 0;
        for (const { transaction, resolve } of open) {
          const end = at + transaction.writes.length;
          resolve({ revision, writeRevisions: writeRevisions.slice(at, end) });
          at = end;
        }
        return;
      } catch (error) {
        if (!(error instanceof GuardFailedError) || attempt >= quotaAttemptsMax) throw error;
        open = withoutFailed(open, error);
        if (error.current.some(({ key }) => isQuotaKey(key))) await mirror.catchUp();
      }
    }
  }

  /** Refuses those that there is no room for. Before that, room that another server made meanwhile is looked for. */
  private async count(open: readonly Waiting[]) {
    const { ledger, mirror, namespace } = this.parts;
    const writes = open.map(({ write }) => write);
    let account = ledger.count(namespace, writes);
    if (account.refusals.some((refusal) => refusal)) {
      await mirror.current();
      account = ledger.count(namespace, writes);
    }
    const granted = open.filter((one, at) => {
      const refusal = account.refusals[at];
      if (refusal) one.reject(refusal);
      return refusal === undefined;
    });
    return { granted, guards: account.guards, writes: account.writes };
  }
}

/** Those whose own guards failed are told so; the others may go on. */
function withoutFailed(open: readonly Waiting[], error: GuardFailedError): Waiting[] {
  return open.filter((one) => {
    const own = error.current.filter(({ key }) => one.transaction.guards.some((guard) => guard.key === key));
    if (own.length > 0) one.reject(new GuardFailedError(own));
    return own.length === 0;
  });
}
