import type { V1LabelSelector } from '../api/gen/types.ts';
import { type KubeObject, nameOf, type Resource } from '../api/meta.ts';
import { isStatus, StatusError } from '../base/status.ts';
import type { Client } from '../client/client.ts';
import { claim, controllerReference } from './ownership.ts';

export interface AdoptOptions<O extends KubeObject, T extends KubeObject> {
  client: Client;
  ownerResource: Resource<O>;
  owner: O;
  resource: Resource<T>;
  selector: V1LabelSelector | undefined;
  candidates: readonly T[];
  /** What the owner keeps its objects with: adopted ones get it, released ones lose it. */
  finalizer?: string;
}

/**
 * Takes over the matching objects that nobody controls and lets go of those that match no longer. Returns the objects
 * that are the owner's now. The owner is read afresh before the first adoption: a cached one may be gone already.
 */
export async function adoptAndRelease<O extends KubeObject, T extends KubeObject>(
  options: AdoptOptions<O, T>,
): Promise<T[]> {
  const { owned, adopt, release } = claim(options.owner, options.selector, options.candidates);
  if (adopt.length > 0) {
    await checkOwner(options);
    for (const object of adopt) {
      const adopted = await adoptOne(options, object);
      if (adopted) owned.push(adopted);
    }
  }
  for (const object of release) await releaseOne(options, object);
  return owned;
}

async function checkOwner<O extends KubeObject, T extends KubeObject>(options: AdoptOptions<O, T>): Promise<void> {
  const { client, ownerResource, owner } = options;
  const fresh = await client.get(ownerResource, nameOf(owner));
  if (fresh.metadata?.uid !== owner.metadata?.uid) throw new StatusError('Conflict', 'the owner was replaced');
  if (fresh.metadata?.deletionTimestamp) throw new StatusError('Conflict', 'the owner is being deleted');
}

async function adoptOne<O extends KubeObject, T extends KubeObject>(
  { client, ownerResource, owner, resource, finalizer }: AdoptOptions<O, T>,
  object: T,
): Promise<T | undefined> {
  const ownerReferences = [controllerReference(ownerResource, owner)];
  const finalizers = finalizer === undefined ? {} : { finalizers: [finalizer] };
  const body = { metadata: { ownerReferences, ...finalizers, uid: object.metadata?.uid } };
  try {
    return await client.patch(resource, nameOf(object), { type: 'strategic', body });
  } catch (error) {
    // Gone, replaced, or adopted by someone else meanwhile.
    if (isStatus(error, 'NotFound', 'Conflict', 'Invalid')) return undefined;
    throw error;
  }
}

async function releaseOne<O extends KubeObject, T extends KubeObject>(
  { client, owner, resource, finalizer }: AdoptOptions<O, T>,
  object: T,
): Promise<void> {
  const gone = { $patch: 'delete', uid: owner.metadata?.uid };
  const kept = finalizer === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': [finalizer] };
  const body = { metadata: { ownerReferences: [gone], ...kept, uid: object.metadata?.uid } };
  try {
    await client.patch(resource, nameOf(object), { type: 'strategic', body });
  } catch (error) {
    if (!isStatus(error, 'NotFound', 'Conflict', 'Invalid')) throw error;
  }
}
