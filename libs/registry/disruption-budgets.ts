import type { V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../api/gen/types.ts';
import { labelSelectorOf } from '../api/selectors/label-selector.ts';
import { matchesLabels } from '../api/selectors/requirement.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { isStatus, type StatusCause, StatusError } from '../base/status.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { forbidden } from './errors.ts';
import type { PatchRequest, ResourceService, WriteRequest } from './requests.ts';

/** Evictions granted whose pods have not gone yet, beyond which a budget grants no more. Source: kube-apiserver. */
const disruptedPodsMax = 2000;
/** How often a budget that changes meanwhile is looked at again. */
const attemptsMax = 20;
const retryAfterSeconds = 10;

const serverManager = 'kube-apiserver';

const budgetKind = { group: 'policy', plural: 'poddisruptionbudget' };
const conditionType = 'DisruptionAllowed';

interface Parts {
  readonly objects: ObjectReader;
  readonly budgets: ResourceService;
  readonly clock: Clock;
}

/**
 * Takes one disruption off the budget of a running pod. Answers with the budget's name where it lets an unready pod go
 * without counting it. @throws StatusError TooManyRequests when there is none left.
 */
export async function spendDisruption(parts: Parts, pod: V1Pod, request: WriteRequest): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const budget = budgetOf(parts.objects, pod);
    if (budget === undefined) return undefined;
    if (mayGoUnready(pod, budget)) return budget.metadata?.name ?? '';
    const next = spent(budget, pod.metadata?.name ?? '', rfc3339(parts.clock.now()));
    if (request.dryRun) return undefined;
    try {
      await write(parts, budget, { status: next, request });
      return undefined;
    } catch (error) {
      if (!isStatus(error, 'Conflict') || attempt >= attemptsMax) throw error;
    }
  }
}

/** Refuses until the budget's status is worth looking at again. */
export function beingProcessed(name: string): StatusError {
  return violated(`The disruption budget ${name} is still being processed by the server.`, retryAfterSeconds);
}

function budgetOf(objects: ObjectReader, { metadata }: V1Pod): V1PodDisruptionBudget | undefined {
  const all = objects.list<V1PodDisruptionBudget>('policy', 'poddisruptionbudgets', metadata?.namespace);
  const own = all.filter(({ spec }) => matchesLabels(labelSelectorOf(spec?.selector), metadata?.labels ?? {}));
  if (own.length > 1) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new StatusError('InternalError', message);
  }
  return own[0];
}

/** Pods that are not ready: always by the policy AlwaysAllow, otherwise as long as enough others are healthy. */
function mayGoUnready(pod: V1Pod, { spec, status }: V1PodDisruptionBudget): boolean {
  if (pod.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

function spent(budget: V1PodDisruptionBudget, podName: string, now: string): V1PodDisruptionBudgetStatus {
  const { metadata, status } = budget;
  const name = metadata?.name ?? '';
  const { observedGeneration = 0, disruptionsAllowed = 0 } = status ?? {};
  if (observedGeneration < (metadata?.generation ?? 0)) throw beingProcessed(name);
  if (disruptionsAllowed < 0) throw forbidden(budgetKind, name, 'pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > disruptedPodsMax) {
    throw forbidden(budgetKind, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (disruptionsAllowed === 0) throw violated(whyNone(name, status));
  const left = disruptionsAllowed - 1;
  return {
    ...status!,
    disruptionsAllowed: left,
    disruptedPods: { ...status?.disruptedPods, [podName]: now },
    ...(left === 0 ? { conditions: exhausted(budget, now) } : {}),
  };
}

/** A sync that failed leaves no numbers to go by. */
function whyNone(name: string, status: V1PodDisruptionBudgetStatus | undefined): string {
  const { currentHealthy = 0, desiredHealthy = 0, conditions } = status ?? {};
  const condition = conditions?.find(({ type }) => type === conditionType);
  const told = condition?.status === 'False' && condition.message ? condition : undefined;
  const refusal = `The disruption budget ${name} does not allow evicting pods currently`;
  if (told?.reason === 'SyncFailed') return `${refusal} because it failed sync: ${told.message}`;
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return told ? `${refusal} (${told.reason}): ${told.message}` : refusal;
}

function exhausted({ metadata, status }: V1PodDisruptionBudget, now: string) {
  const others = (status?.conditions ?? []).filter(({ type }) => type !== conditionType);
  const before = status?.conditions?.find(({ type }) => type === conditionType);
  const condition = {
    type: conditionType,
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration: metadata?.generation,
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now,
  };
  return [...others, condition];
}

function violated(message: string, seconds?: number): StatusError {
  const cause = { reason: 'DisruptionBudget', message } satisfies StatusCause;
  return new StatusError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    details: { causes: [cause], ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }) },
  });
}

/** Guarded by the version that was looked at: two evictions never spend the same disruption. */
function write(
  { budgets }: Parts,
  { metadata }: V1PodDisruptionBudget,
  { status, request }: { status: V1PodDisruptionBudgetStatus; request: WriteRequest },
): Promise<unknown> {
  const patch: PatchRequest = {
    ...request,
    // The server itself spends the disruption, whoever evicts.
    fieldManager: serverManager,
    subresource: 'status',
    type: 'merge',
    body: { metadata: { resourceVersion: metadata?.resourceVersion }, status },
    complaints: [],
    force: false,
  };
  return budgets.patch({ namespace: metadata?.namespace, name: metadata?.name ?? '' }, patch);
}
