import { type ObjectName, objectKey } from '../api/meta.ts';
import { type Guard, GuardFailedError, transactionOperationsMax } from '../store/store.ts';
import { deleteObject, linger, permittedToGo } from './delete.ts';
import type { Parts } from './parts.ts';
import type { DeleteRequest } from './requests.ts';

/** One of many deletions. */
export interface Deletion {
  readonly at: ObjectName;
  readonly request: DeleteRequest;
}

/** An object that may go at once, if it is still as it was looked at. */
interface Leaving {
  /** In the order asked. */
  readonly place: number;
  readonly guard: Guard;
}

/**
 * Deletes many objects of one kind, with the outcome of deleting each by itself. Those that may go at once leave
 * together, as many as a transaction takes. What has changed meanwhile is looked at again by itself, and what has to
 * linger is marked by itself. Answers in the order asked, undefined for success.
 */
export async function deleteObjects(parts: Parts, deletions: readonly Deletion[]): Promise<Array<Error | undefined>> {
  await parts.mirror.current();
  const errors = deletions.map((): Error | undefined => undefined);
  const failed = (place: number) => (error: unknown) => {
    errors[place] = error instanceof Error ? error : new Error(String(error));
  };
  const leaving = new Map<string, Leaving>();
  const alone: number[] = [];
  const look = async (deletion: Deletion, place: number) => {
    const guard = await guardOf(parts, deletion);
    if (guard === undefined) return;
    if (leaving.has(guard.key)) alone.push(place);
    else leaving.set(guard.key, { place, guard });
  };
  await Promise.all(deletions.map((deletion, place) => look(deletion, place).catch(failed(place))));
  const all = [...leaving.values()];
  const remove = async (group: readonly Leaving[]) => {
    try {
      for (const { place } of await removeTogether(parts, group)) alone.push(place);
    } catch (error) {
      for (const { place } of group) failed(place)(error);
    }
  };
  await Promise.all(inGroups(all).map(remove));
  const removeAlone = ({ at, request }: Deletion, place: number) =>
    deleteObject(parts, at, request).then(() => {}, failed(place));
  await Promise.all(alone.map((place) => removeAlone(deletions[place]!, place)));
  return errors;
}

/** What must hold for the object to go at once; undefined when its deletion has begun or is done. @throws StatusError. */
async function guardOf(parts: Parts, { at, request }: Deletion): Promise<Guard | undefined> {
  const { reserve, orphaningWarning } = parts.behaviour;
  // What has more to write or to say than its own removal, or nothing to write, goes its own way.
  if (request.dryRun || reserve !== undefined || orphaningWarning !== undefined) {
    await deleteObject(parts, at, request);
    return undefined;
  }
  const previous = await permittedToGo(parts, at, request);
  if (await linger(parts, previous, request)) return undefined;
  return { key: parts.view.prefix + objectKey(at), revision: previous.revision };
}

/** Answers with those that have changed since they were looked at; the others are gone then. @throws StatusError. */
async function removeTogether({ writer, mirror }: Parts, group: readonly Leaving[]): Promise<Leaving[]> {
  const changed: Leaving[] = [];
  for (let open = group; open.length > 0; ) {
    const guards = open.map(({ guard }) => guard);
    try {
      await writer.commit({ guards, writes: guards.map(({ key }) => ({ key, value: null })) });
      break;
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw error;
      const failed = new Set(error.current.map(({ key }) => key));
      changed.push(...open.filter(({ guard }) => failed.has(guard.key)));
      open = open.filter(({ guard }) => !failed.has(guard.key));
    }
  }
  if (changed.length > 0) await mirror.catchUp();
  return changed;
}

function inGroups(all: readonly Leaving[]): Leaving[][] {
  const groups: Leaving[][] = [];
  for (let at = 0; at < all.length; at += transactionOperationsMax) {
    groups.push(all.slice(at, at + transactionOperationsMax));
  }
  return groups;
}
