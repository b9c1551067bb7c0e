import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Committed, Transaction } from '../store/store.ts';
import type { ObjectWriter } from './writer.ts';

/** A write that may count against quotas. */
export interface QuotaWrite {
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
  /** Absent for creations. */
  readonly previous?: KubeObject;
  readonly subresource?: string;
}

/** What bounds the content of namespaces. Counted in the transactions of the writes themselves. */
export interface Quotas {
  /**
   * Commits a write together with what it adds to its quotas, and answers for the write alone; undefined when nothing
   * bounds it, which is the usual case.
   * @throws StatusError Forbidden; GuardFailedError when a guard of the write's own fails.
   */
  commit(write: QuotaWrite, transaction: Transaction, writer: ObjectWriter): Promise<Committed> | undefined;
  /** Looks whether there is room, for a write that is not carried out. @throws StatusError Forbidden. */
  check(write: QuotaWrite): Promise<void>;
}

interface Parts {
  readonly writer: ObjectWriter;
  readonly quotas: Quotas | undefined;
}

/** Commits a write, within the quotas that bound it. @throws StatusError Forbidden. */
export function commitWithin(
  { writer, quotas }: Parts,
  write: QuotaWrite,
  transaction: Transaction,
): Promise<Committed> {
  return quotas?.commit(write, transaction, writer) ?? writer.commit(transaction);
}
