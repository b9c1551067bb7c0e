import type { V1Job, V1Pod, V1PodFailurePolicyRule } from '../../api/gen/types.ts';

/** What the job's policy says of a failed pod; Count when no rule speaks of it. */
export function judgeFailure(job: V1Job, pod: V1Pod): 'Count' | 'Ignore' | 'FailJob' {
  for (const rule of job.spec?.podFailurePolicy?.rules ?? []) {
    if (!matchesExit(rule, pod) && !matchesCondition(rule, pod)) continue;
    return rule.action === 'Ignore' || rule.action === 'FailJob' ? rule.action : 'Count';
  }
  return 'Count';
}

function matchesExit({ onExitCodes: wanted }: V1PodFailurePolicyRule, pod: V1Pod): boolean {
  if (!wanted) return false;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses
    .filter(({ name }) => !wanted.containerName || name === wanted.containerName)
    .map(({ state }) => state?.terminated?.exitCode ?? 0)
    .some((code) => code !== 0 && wanted.values.includes(code) === (wanted.operator === 'In'));
}

function matchesCondition({ onPodConditions = [] }: V1PodFailurePolicyRule, pod: V1Pod): boolean {
  const conditions = pod.status?.conditions ?? [];
  return onPodConditions.some((wanted) =>
    conditions.some(({ type, status }) => type === wanted.type && status === (wanted.status ?? 'True')),
  );
}
