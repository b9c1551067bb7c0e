import type {
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodAffinityTerm,
  V1ResourceQuotaSpec,
  V1ScopedResourceSelectorRequirement,
} from '../gen/types.ts';
import { qualityOfService } from '../kinds/pod/quality.ts';

type Requirement = V1ScopedResourceSelectorRequirement;

/** Whether a quota's scopes take the object in; a quota without scopes takes in everything. */
export function inScopes<T>(
  spec: V1ResourceQuotaSpec | undefined,
  object: T,
  inScope: (requirement: Requirement, object: T) => boolean,
): boolean {
  const named = (spec?.scopes ?? []).map((scopeName): Requirement => ({ scopeName, operator: 'Exists' }));
  const all = [...named, ...(spec?.scopeSelector?.matchExpressions ?? [])];
  return all.every((requirement) => inScope(requirement, object));
}

export function podInScope(requirement: Requirement, pod: V1Pod): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isBounded(pod);
    case 'NotTerminating':
      return !isBounded(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return namesMatch(requirement, pod.spec?.priorityClassName ? [pod.spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return looksAcrossNamespaces(pod);
    default:
      return false;
  }
}

export function claimInScope(requirement: Requirement, { spec, status }: V1PersistentVolumeClaim): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return namesMatch(
    requirement,
    names.flatMap((name) => name || []),
  );
}

/** Whether the pod runs for a bounded time, which scopes call Terminating. */
export function isBounded(pod: V1Pod): boolean {
  return (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
}

function isBestEffort(pod: V1Pod): boolean {
  return pod.spec !== undefined && qualityOfService(pod.spec) === 'BestEffort';
}

/** As a label selector takes a label that is absent: In fails, NotIn and DoesNotExist hold. */
function namesMatch({ operator, values = [] }: Requirement, names: readonly string[]): boolean {
  switch (operator) {
    case 'Exists':
      return names.length > 0;
    case 'DoesNotExist':
      return names.length === 0;
    case 'In':
      return names.some((name) => values.includes(name));
    default:
      return names.length === 0 || names.some((name) => !values.includes(name));
  }
}

function looksAcrossNamespaces({ spec }: V1Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms: V1PodAffinityTerm[] = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...preferred.map(({ podAffinityTerm }) => podAffinityTerm),
    ];
    return terms.some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined);
  });
}
