import type { V1Pod } from '../../api/gen/types.ts';
import { type Standard, standardText } from './policy.ts';
import { reasonText, violations } from './standards.ts';

/** At most this many pods of a namespace are looked at when its standard changes. */
export const checkedPodsMax = 3000;

/** What to say about pods that stand already and that a namespace's new standard would not let in. */
export function namespaceWarnings(namespace: string, pods: readonly V1Pod[], standard: Standard): string[] {
  const checked = oneOfEachFirst(pods).slice(0, checkedPodsMax);
  const offenders = new Map<string, string[]>();
  for (const { metadata = {}, spec } of checked) {
    const found = spec ? violations(standard, { metadata, spec }) : [];
    if (found.length === 0) continue;
    const reason = reasonText(found);
    offenders.set(reason, [...(offenders.get(reason) ?? []), metadata.name ?? '']);
  }
  const warnings: string[] = [];
  if (checked.length < pods.length) {
    const share = `${checked.length} of ${pods.length} existing pods`;
    warnings.push(`new PodSecurity enforce level only checked against the first ${share}`);
  }
  if (offenders.size > 0) {
    const level = standardText(standard);
    warnings.push(`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${level}"`);
  }
  return [...warnings, ...[...offenders].map(([reason, names]) => `${whoText(names)}: ${reason}`).sort()];
}

function whoText(names: readonly string[]): string {
  const first = [...names].sort()[0] ?? '';
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}

/** Pods of one controller are alike: one of each comes before the rest. */
function oneOfEachFirst(pods: readonly V1Pod[]): V1Pod[] {
  const seen = new Set<string>();
  const later: V1Pod[] = [];
  const first = pods.filter((pod) => {
    const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller)?.uid;
    if (owner === undefined) return true;
    if (seen.has(owner)) {
      later.push(pod);
      return false;
    }
    seen.add(owner);
    return true;
  });
  return [...first, ...later];
}
