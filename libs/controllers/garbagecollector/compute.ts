import type { V1OwnerReference } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { type GraphNode, ownersOf } from './graph.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** What is known of the owner that a reference names. `unknown`: its kind is not served, or cannot be asked for. */
export type OwnerState = 'solid' | 'waiting' | 'dangling' | 'unknown';

export type Action =
  | { do: 'nothing' }
  /** Take the owner out of its dependents, then let it go. */
  | { do: 'orphan' }
  /** No dependent holds the owner any more. */
  | { do: 'finishForeground' }
  /** See to the dependents first. */
  | { do: 'deleteDependents' }
  | { do: 'dropOwners'; uids: string[] }
  /** `unblock` first lets go of its own owners: it stands in a circle, which would wait for itself for ever. */
  | { do: 'delete'; policy: 'Foreground' | 'Background' | 'Orphan'; unblock?: boolean };

const hasFinalizer = (object: KubeObject, finalizer: string) =>
  object.metadata?.finalizers?.includes(finalizer) ?? false;

/** Whether the object is deleted in the foreground and waits for its dependents. */
export function isWaiting(object: KubeObject): boolean {
  return object.metadata?.deletionTimestamp !== undefined && hasFinalizer(object, foregroundFinalizer);
}

/** What to do about an object that is being deleted. */
export function computeDeleting(object: KubeObject, dependents: readonly GraphNode[]): Action {
  if (hasFinalizer(object, orphanFinalizer)) return { do: 'orphan' };
  if (!hasFinalizer(object, foregroundFinalizer)) return { do: 'nothing' };
  const uid = object.metadata?.uid;
  const holds = (reference: V1OwnerReference) => reference.uid === uid && reference.blockOwnerDeletion === true;
  const blocked = dependents.some((dependent) => ownersOf(dependent.object).some(holds));
  return blocked ? { do: 'deleteDependents' } : { do: 'finishForeground' };
}

/** What to do about an object that is owned, by the states of its owners. */
export function computeOwned(
  object: KubeObject,
  states: ReadonlyMap<string, OwnerState>,
  dependents: readonly GraphNode[],
): Action {
  const owners = ownersOf(object);
  const inState = (state: OwnerState) =>
    owners.filter((owner) => states.get(owner.uid) === state).map(({ uid }) => uid);
  const [dangling, waiting] = [inState('dangling'), inState('waiting')];
  if (dangling.length + waiting.length === 0) return { do: 'nothing' };
  if (inState('solid').length > 0) return { do: 'dropOwners', uids: [...dangling, ...waiting] };
  // While one owner cannot be judged, nothing may be deleted on the word of the others.
  if (inState('unknown').length > 0) return { do: 'nothing' };
  if (waiting.length > 0 && dependents.length > 0) {
    const circle = dependents.some((dependent) => isWaiting(dependent.object));
    return { do: 'delete', policy: 'Foreground', ...(circle ? { unblock: true } : {}) };
  }
  if (hasFinalizer(object, orphanFinalizer)) return { do: 'delete', policy: 'Orphan' };
  if (hasFinalizer(object, foregroundFinalizer)) return { do: 'delete', policy: 'Foreground' };
  return { do: 'delete', policy: 'Background' };
}
