import type { Logger } from '../../libs/base/log.ts';
import type { Binder, Binding } from '../../libs/client/client.ts';

/** Bindings of one store transaction; the server takes as many. */
const bindingsMax = 120;
/** Transactions under way at once: enough to keep a store busy, few enough to fill them. */
const transactionsMax = 8;

/** A decision on its way to the store. */
export interface PendingBinding extends Binding {
  /** Called once with the outcome: undefined for success. */
  settle(error: Error | undefined): void;
}

/** Writes decisions durably, many in one transaction, a few transactions at a time. */
export class Bindings {
  private waiting: PendingBinding[] = [];
  private running = 0;
  private idle: Array<() => void> = [];
  private readonly binder: Binder;
  private readonly logger: Logger;

  constructor(binder: Binder, logger: Logger) {
    this.binder = binder;
    this.logger = logger;
  }

  /** Whether people are told of bindings by whoever writes them. */
  get writesEvents(): boolean {
    return this.binder.writesEvents === true;
  }

  add(binding: PendingBinding): void {
    this.waiting.push(binding);
  }

  /** Sends what has been added. */
  flush(): void {
    while (this.waiting.length > 0 && this.running < transactionsMax) {
      const batch = this.waiting.splice(0, this.batchLength());
      this.running++;
      void this.send(batch).finally(() => {
        this.running--;
        this.flush();
        if (this.running === 0) for (const wake of this.idle.splice(0)) wake();
      });
    }
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve));
  }

  /** As many as may go together, without parting a group that is not larger than that itself. */
  private batchLength(): number {
    if (this.waiting.length <= bindingsMax) return this.waiting.length;
    const { group } = this.waiting[bindingsMax]!;
    let length = bindingsMax;
    while (length > 0 && group !== undefined && this.waiting[length - 1]!.group === group) length--;
    return length === 0 ? bindingsMax : length;
  }

  private async send(batch: readonly PendingBinding[]): Promise<void> {
    let errors: Array<Error | undefined>;
    try {
      errors = await this.binder.bindAll(batch.map(({ settle: _, ...binding }) => binding));
    } catch (error) {
      this.logger.warn('bindings could not be written', { count: batch.length, error });
      const failure = error instanceof Error ? error : new Error(String(error));
      errors = batch.map(() => failure);
    }
    batch.forEach((binding, at) => {
      binding.settle(errors[at]);
    });
  }
}
