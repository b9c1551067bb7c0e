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

/** Whether a refusal says that the object's namespace is being deleted, so that trying again is in vain. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isStatus(error) && (error.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');
}
