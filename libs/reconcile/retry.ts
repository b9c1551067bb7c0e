import { isStatus } from '../base/status.ts';

/** The outcome of `request`, or undefined where the object is not there (any more). */
export async function unlessMissing<R>(request: Promise<R>): Promise<R | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** The outcome of `request`, or undefined where the object was there before. */
export async function unlessExists<R>(request: Promise<R>): Promise<R | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isStatus(error, 'AlreadyExists')) return undefined;
    throw error;
  }
}

/**
 * Resolves once all of the work has ended, well or not. Rejects with the first failure that says more than that the
 * namespace is being deleted.
 */
export async function allDone(work: ReadonlyArray<Promise<unknown>>): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'rejected' && !isNamespaceTerminating(outcome.reason)) throw outcome.reason;
  }
}

/** Whether a refusal says that the object's namespace is being deleted, so that trying again is in vain. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isStatus(error) && (error.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');
}
