import type { V1Namespace, V1NamespaceCondition, V1NamespaceStatus } from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';

/** What still stands in a namespace, of one kind. */
export interface Remainder {
  /** Such as `pods` or `deployments.apps`. */
  resource: string;
  count: number;
  /** How many of them carry each finalizer. */
  finalizers: ReadonlyMap<string, number>;
}

type Verdict = Pick<V1NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The status of a namespace in deletion: what remains, and what failed. */
export function computeStatus(
  namespace: V1Namespace,
  remainders: readonly Remainder[],
  failures: readonly string[],
  nowMs: number,
): V1NamespaceStatus {
  const left = remainders.filter((remainder) => remainder.count > 0);
  const finalizers = countFinalizers(left);
  const verdicts: Verdict[] = [
    verdict('NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources are known'),
    verdict('NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions', 'All versions are known'),
    failures.length > 0
      ? verdict('NamespaceDeletionContentFailure', 'True', 'ContentDeletionFailed', failures.join(', '))
      : verdict('NamespaceDeletionContentFailure', 'False', 'ContentDeleted', 'All content was asked to go'),
    left.length > 0
      ? verdict('NamespaceContentRemaining', 'True', 'SomeResourcesRemain', `Still there: ${listed(left)}`)
      : verdict('NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content is gone'),
    finalizers.length > 0
      ? verdict('NamespaceFinalizersRemaining', 'True', 'SomeFinalizersRemain', `Held by: ${finalizers.join(', ')}`)
      : verdict('NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers', 'No finalizer holds content'),
  ];
  const standing = namespace.status?.conditions ?? [];
  const others = standing.filter((condition) => !verdicts.some(({ type }) => type === condition.type));
  return { phase: 'Terminating', conditions: [...others, ...verdicts.map((wanted) => timed(wanted, standing, nowMs))] };
}

function verdict(type: string, status: string, reason: string, message: string): Verdict {
  return { type, status, reason, message };
}

function timed(wanted: Verdict, standing: readonly V1NamespaceCondition[], nowMs: number): V1NamespaceCondition {
  const before = standing.find((condition) => condition.type === wanted.type);
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : rfc3339(nowMs);
  return { ...wanted, lastTransitionTime };
}

const listed = (left: readonly Remainder[]) =>
  left.map(({ resource, count }) => `${resource} (${count} ${count === 1 ? 'object' : 'objects'})`).join(', ');

function countFinalizers(left: readonly Remainder[]): string[] {
  const total = new Map<string, number>();
  for (const { finalizers } of left) {
    for (const [name, count] of finalizers) total.set(name, (total.get(name) ?? 0) + count);
  }
  return [...total].sort().map(([name, count]) => `${name} on ${count} ${count === 1 ? 'object' : 'objects'}`);
}
