import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Guard, Transaction, Write } from '../store/store.ts';
import type { ObjectWriter } from './writer.ts';

/** How often a write is tried again whose quota others charged meanwhile. */
export const quotaAttemptsMax = 200;

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
  /** The write's turn in its namespace; undefined when nothing bounds it, which is the usual case. */
  hold(write: QuotaWrite): Promise<QuotaHold> | undefined;
}

/** One write's turn: the other bounded writes of its namespace in this process wait until it is released. */
export interface QuotaHold {
  /** What the write adds to its quotas, for its transaction. @throws StatusError Forbidden. */
  charge(): Promise<{ readonly guards: readonly Guard[]; readonly writes: readonly Write[] }>;
  /** Whether the failure says no more than that a quota had changed; resolves once the newer one is known. */
  outdated(error: unknown): Promise<boolean>;
  release(): void;
}

interface Parts {
  readonly writer: ObjectWriter;
  readonly quotas: Quotas | undefined;
}

/** Commits a write, together with what it adds to the quotas that bound it. @throws StatusError Forbidden. */
export function commitWithin(parts: Parts, write: QuotaWrite, transaction: Transaction): Promise<number> {
  const turn = parts.quotas?.hold(write);
  return turn ? commitInTurn(parts, turn, transaction) : parts.writer.commit(transaction);
}

async function commitInTurn({ writer }: Parts, turn: Promise<QuotaHold>, transaction: Transaction): Promise<number> {
  const hold = await turn;
  try {
    for (let attempt = 1; ; attempt++) {
      const charge = await hold.charge();
      try {
        return await writer.commit({
          guards: [...transaction.guards, ...charge.guards],
          writes: [...transaction.writes, ...charge.writes],
        });
      } catch (error) {
        if (attempt >= quotaAttemptsMax || !(await hold.outdated(error))) throw error;
      }
    }
  } finally {
    hold.release();
  }
}

/** Looks whether the quotas have room, for a write that is not carried out. @throws StatusError Forbidden. */
export async function checkWithin({ quotas }: Pick<Parts, 'quotas'>, write: QuotaWrite): Promise<void> {
  const hold = await quotas?.hold(write);
  if (!hold) return;
  try {
    await hold.charge();
  } finally {
    hold.release();
  }
}
