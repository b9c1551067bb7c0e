import type { V1OwnerReference, V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '../../api/gen/types.ts';
import { persistentvolumeclaims } from '../../api/kinds/persistentvolumeclaim.ts';
import { pods } from '../../api/kinds/pod.ts';
import { statefulsets } from '../../api/kinds/statefulset.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { claimsOf, isWanted, ordinalOf } from './identity.ts';

/** Who takes the claims of an ordinal along: the set, the pod that is one too many, or nobody. */
export function claimOwnerOf(set: V1StatefulSet, ordinal: number, pod?: V1Pod): V1OwnerReference | undefined {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled === 'Delete' && !isWanted(set, ordinal)) return pod && controllerReference(pods, pod);
  return whenDeleted === 'Delete' ? controllerReference(statefulsets, set) : undefined;
}

/** The owners that a claim should have, or undefined when it has them. What others own is left to them. */
export function ownersToWrite(
  claim: V1PersistentVolumeClaim,
  set: V1StatefulSet,
  { ordinal, pod }: { ordinal: number; pod: V1Pod },
): V1OwnerReference[] | undefined {
  const standing = claim.metadata?.ownerReferences ?? [];
  const own = [controllerReference(statefulsets, set), controllerReference(pods, pod)];
  const names = (one: V1OwnerReference, other: V1OwnerReference) => one.kind === other.kind && one.name === other.name;
  // Of a set or pod of the same name that is no more: the claim goes with that one.
  if (standing.some((one) => own.some((ours) => names(one, ours) && one.uid !== ours.uid))) return undefined;
  const others = standing.filter(({ uid }) => !own.some((ours) => ours.uid === uid));
  const wanted = others.some(({ controller }) => controller) ? undefined : claimOwnerOf(set, ordinal, pod);
  const owners = wanted ? [...others, wanted] : others;
  return same(owners, standing) ? undefined : owners;
}

export interface Settling {
  client: Client;
  claims: Informer<V1PersistentVolumeClaim>;
  set: V1StatefulSet;
  pod: V1Pod;
}

/** Sees that the claims of a pod go with whom the set's policy says. */
export async function settleClaims({ client, claims, set, pod }: Settling): Promise<void> {
  const ordinal = ordinalOf(set, pod);
  for (const { metadata } of ordinal < 0 ? [] : claimsOf(set, ordinal)) {
    const claim = claims.get(objectKey({ namespace: metadata?.namespace, name: metadata?.name ?? '' }));
    const ownerReferences = claim && ownersToWrite(claim, set, { ordinal, pod });
    if (!claim || !ownerReferences) continue;
    const { uid, resourceVersion } = claim.metadata ?? {};
    const body = { metadata: { uid, resourceVersion, ownerReferences } };
    await unlessMissing(client.patch(persistentvolumeclaims, nameOf(claim), { type: 'merge', body }));
  }
}
