import { loopbackUser } from '../auth/user.ts';
import { isStatus } from '../base/status.ts';
import type { WriteRequest } from './requests.ts';

/** How the server itself asks for writes. */
export const serverRequest: WriteRequest = {
  user: loopbackUser,
  warn: () => {},
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Ignore',
};

/**
 * A write of an object that is followed, and that somebody else may have been quicker with: the newer state has an event
 * of its own, and is looked at then.
 */
export async function unlessOvertaken(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isStatus(error, 'NotFound', 'Conflict')) throw error;
  }
}
