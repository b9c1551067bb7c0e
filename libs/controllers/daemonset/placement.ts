import type {
  V1DaemonSet,
  V1Node,
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
  V1Pod,
  V1PodSpec,
  V1Taint,
  V1Toleration,
} from '../../api/gen/types.ts';

const prefix = 'node.kubernetes.io/';

/** What a daemon's pod must bear, since it is meant to run whatever the state of its node. */
export function daemonTolerations(spec: V1PodSpec | undefined): V1Toleration[] {
  const exists = (key: string, effect: string): V1Toleration => ({ key: prefix + key, operator: 'Exists', effect });
  return [
    exists('not-ready', 'NoExecute'),
    exists('unreachable', 'NoExecute'),
    exists('disk-pressure', 'NoSchedule'),
    exists('memory-pressure', 'NoSchedule'),
    exists('pid-pressure', 'NoSchedule'),
    exists('unschedulable', 'NoSchedule'),
    ...(spec?.hostNetwork ? [exists('network-unavailable', 'NoSchedule')] : []),
  ];
}

function tolerated(taint: V1Taint, tolerations: readonly V1Toleration[]): boolean {
  return tolerations.some(({ key, effect, operator, value }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    return operator === 'Exists' || (key !== undefined && (value ?? '') === (taint.value ?? ''));
  });
}

function meets({ key, operator, values = [] }: V1NodeSelectorRequirement, labels: Record<string, string>): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function meetsTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: V1Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields = { 'metadata.name': node.metadata?.name ?? '' };
  const labels = node.metadata?.labels ?? {};
  return matchExpressions.every((one) => meets(one, labels)) && matchFields.every((one) => meets(one, fields));
}

/** Whether a daemon's pod belongs on the node, and whether one that is there may stay. */
export function placement(daemonSet: V1DaemonSet, node: V1Node): { run: boolean; keep: boolean } {
  const spec = daemonSet.spec?.template.spec;
  const labels = node.metadata?.labels ?? {};
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const selected =
    (!spec?.nodeName || spec.nodeName === node.metadata?.name) &&
    Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) &&
    (terms === undefined || terms.some((term) => meetsTerm(term, node)));
  if (!selected) return { run: false, keep: false };
  const tolerations = [...(spec?.tolerations ?? []), ...daemonTolerations(spec)];
  const repelling = (node.spec?.taints ?? []).filter((taint) => !tolerated(taint, tolerations));
  const keep = !repelling.some(({ effect }) => effect === 'NoExecute');
  return { run: keep && !repelling.some(({ effect }) => effect === 'NoSchedule'), keep };
}

/** The node that a daemon's pod is for: where it is, or where its affinity sends it. */
export function targetOf(pod: V1Pod): string {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const field = terms?.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name');
  return field?.values?.[0] ?? '';
}
