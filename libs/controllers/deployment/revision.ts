import type { V1Deployment, V1ReplicaSet } from '../../api/gen/types.ts';
import { relocationAnnotation } from '../../api/kinds/pod/relocation.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
export const revisionHistoryCharsMax = 2000;

/** Annotations of a Deployment that are its own and not copied to its ReplicaSets. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
  relocationAnnotation,
]);

export type Annotations = Record<string, string>;

/** The ReplicaSet's revision, a 64-bit integer as Kubernetes counts them; 0 when it has none. */
export function revisionOf(replicaSet: V1ReplicaSet): bigint {
  return readRevision(replicaSet.metadata?.annotations?.[revisionAnnotation]) ?? 0n;
}

export function highestRevision(replicaSets: readonly V1ReplicaSet[]): bigint {
  let highest = 0n;
  for (const revision of replicaSets.map(revisionOf)) if (revision > highest) highest = revision;
  return highest;
}

function readRevision(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** A count that an annotation states; undefined when it states none. */
export function countOf(replicaSet: V1ReplicaSet, annotation: string): number | undefined {
  const text = replicaSet.metadata?.annotations?.[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The annotations that the ReplicaSet of the current template must carry at revision `revision` or above. */
export function newReplicaSetAnnotations(
  deployment: V1Deployment,
  existing: Annotations,
  revision: bigint,
): Annotations {
  const result = { ...existing };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!notCopied.has(key)) result[key] = value;
  }
  const before = existing[revisionAnnotation];
  const known = before === undefined ? 0n : readRevision(before);
  if (known === undefined || known >= revision) return result;
  result[revisionAnnotation] = String(revision);
  // A ReplicaSet that had a revision and gets a higher one was rolled back to; its past is kept.
  if (before !== undefined) {
    result[revisionHistoryAnnotation] = appendHistory(existing[revisionHistoryAnnotation] ?? '', before);
  }
  return result;
}

function appendHistory(history: string, revision: string): string {
  const revisions = [...history.split(',').filter((past) => past !== ''), revision];
  while (revisions.length > 1 && revisions.join(',').length > revisionHistoryCharsMax) revisions.shift();
  return revisions.join(',');
}
