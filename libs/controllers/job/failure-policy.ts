import type { V1ContainerStatus, V1Job, V1Pod, V1PodFailurePolicyRule } from '../../api/gen/types.ts';

export interface Judgement {
  action: 'Count' | 'Ignore' | 'FailJob' | 'FailIndex';
  /** Why the whole job fails. */
  message?: string;
}

/** What the job's policy says of a failed pod: the first rule that matches; Count when none speaks of it. */
export function judgeFailure(job: V1Job, pod: V1Pod): Judgement {
  const rules = job.spec?.podFailurePolicy?.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const found = matchExit(rule, pod) ?? matchCondition(rule, pod);
    if (found === undefined) continue;
    const { action } = rule;
    if (action === 'FailJob') return { action, message: `${found} matching FailJob rule at index ${index}` };
    return { action: action === 'Ignore' || action === 'FailIndex' ? action : 'Count' };
  }
  return { action: 'Count' };
}

function matchExit({ onExitCodes: wanted }: V1PodFailurePolicyRule, { metadata, status }: V1Pod): string | undefined {
  if (!wanted) return undefined;
  const exitCode = ({ state }: V1ContainerStatus) => state?.terminated?.exitCode ?? 0;
  const matches = (container: V1ContainerStatus) =>
    (!wanted.containerName || container.name === wanted.containerName) &&
    exitCode(container) !== 0 &&
    wanted.values.includes(exitCode(container)) === (wanted.operator === 'In');
  const container = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(matches);
  if (!container) return undefined;
  const pod = `${metadata?.namespace}/${metadata?.name}`;
  return `Container ${container.name} for pod ${pod} failed with exit code ${exitCode(container)}`;
}

function matchCondition(rule: V1PodFailurePolicyRule, { metadata, status }: V1Pod): string | undefined {
  const condition = (status?.conditions ?? []).find(({ type, status: is }) =>
    rule.onPodConditions?.some((wanted) => type === wanted.type && is === (wanted.status ?? 'True')),
  );
  return condition && `Pod ${metadata?.namespace}/${metadata?.name} has condition ${condition.type}`;
}
