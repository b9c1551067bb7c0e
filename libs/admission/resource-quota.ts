import type { Clock } from '../base/clock.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import type { Quotas, QuotaWrite } from '../registry/quotas.ts';
import type { ObjectWriter } from '../registry/writer.ts';
import type { Committed, Transaction } from '../store/store.ts';
import { QuotaLedger } from './quota/ledger.ts';
import { QuotaLine } from './quota/line.ts';

/**
 * Counts writes against the ResourceQuotas of their namespace. The new use is written to the quota's status in the
 * transaction that writes the object and guarded by the quota's revision, so that use and objects never disagree,
 * however many servers write. Within one server the writes of a namespace stand in line; those that wait go together.
 */
export class ResourceQuotas implements Quotas {
  private readonly ledger: QuotaLedger;
  private readonly lines = new Map<string, QuotaLine>();

  constructor(
    private readonly mirror: StoreMirror,
    clock: Clock,
  ) {
    this.ledger = new QuotaLedger(mirror, clock);
  }

  commit(write: QuotaWrite, transaction: Transaction, writer: ObjectWriter): Promise<Committed> | undefined {
    const namespace = this.ledger.boundingNamespace(write);
    return namespace === undefined ? undefined : this.lineOf(namespace, writer).add(write, transaction);
  }

  async check(write: QuotaWrite): Promise<void> {
    const namespace = this.ledger.boundingNamespace(write);
    if (namespace === undefined) return;
    const [refusal] = this.ledger.count(namespace, [write]).refusals;
    if (refusal) throw refusal;
  }

  private lineOf(namespace: string, writer: ObjectWriter): QuotaLine {
    let line = this.lines.get(namespace);
    if (!line) {
      const { ledger, mirror } = this;
      line = new QuotaLine({ namespace, ledger, mirror, writer, emptied: () => this.lines.delete(namespace) });
      this.lines.set(namespace, line);
    }
    return line;
  }
}
