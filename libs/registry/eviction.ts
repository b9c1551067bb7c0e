import type { V1Eviction, V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../api/gen/types.ts';
import { labelSelectorOf } from '../api/selectors/label-selector.ts';
import { matchesLabels } from '../api/selectors/requirement.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { isStatus, type StatusCause, StatusError } from '../base/status.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { badRequest, forbidden } from './errors.ts';
import type { DeleteRequest, PatchRequest, ResourceService, WriteRequest } from './requests.ts';
import type { SubresourceCreator } from './subresource-creation.ts';

/** Evictions granted whose pods have not gone yet, beyond which a budget grants no more. Source: kube-apiserver. */
const disruptedPodsMax = 2000;
/** How often a budget that changes meanwhile is looked at again. */
const attemptsMax = 20;
const retryAfterSeconds = 10;

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as const;
const budgetKind = { group: 'policy', plural: 'poddisruptionbudgets' };

export interface EvictionParts {
  readonly objects: ObjectReader;
  /** Answers for disruption budgets. */
  readonly budgets: ResourceService;
  readonly clock: Clock;
}

/** `POST pods/NAME/eviction`: a deletion that disruption budgets may refuse. */
export function evictionCreator(parts: EvictionParts): SubresourceCreator {
  return async ({ at, body, served, request }) => {
    const eviction = body as V1Eviction;
    if (eviction.metadata?.name && eviction.metadata.name !== at.name) {
      throw badRequest('name in URL does not match name in Eviction object');
    }
    const options = (eviction.deleteOptions ?? {}) as Partial<DeleteRequest> & { dryRun?: unknown };
    const dryRun = request.dryRun || (Array.isArray(options.dryRun) && options.dryRun.length > 0);
    const pod = (await served.service.get(at)).object as V1Pod;
    await spend(parts, pod, { ...request, dryRun });
    await served.service.delete(at, {
      user: request.user,
      warn: request.warn,
      dryRun,
      gracePeriodSeconds: options.gracePeriodSeconds,
      propagationPolicy: options.propagationPolicy,
      preconditions: { uid: options.preconditions?.uid ?? pod.metadata?.uid },
    });
    return success;
  };
}

/** Takes one disruption off the pod's budget. @throws StatusError TooManyRequests when there is none left. */
async function spend(parts: EvictionParts, pod: V1Pod, request: WriteRequest): Promise<void> {
  const { phase } = pod.status ?? {};
  // What does not serve yet, or no longer, harms nobody by going.
  if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata?.deletionTimestamp) return;
  for (let attempt = 1; ; attempt++) {
    const budget = budgetOf(parts.objects, pod);
    if (budget === undefined || mayGoUnready(pod, budget)) return;
    const next = spent(budget, pod.metadata?.name ?? '', rfc3339(parts.clock.now()));
    if (request.dryRun) return;
    try {
      await write(parts, budget, { status: next, request });
      return;
    } catch (error) {
      if (!isStatus(error, 'Conflict') || attempt >= attemptsMax) throw error;
    }
  }
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

function spent(budget: V1PodDisruptionBudget, podName: string, time: string): V1PodDisruptionBudgetStatus {
  const { metadata, status } = budget;
  const name = metadata?.name ?? '';
  const { observedGeneration = 0, disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  if (observedGeneration < (metadata?.generation ?? 0)) {
    throw violated(`The disruption budget ${name} is still being processed by the server.`, retryAfterSeconds);
  }
  if (disruptionsAllowed < 0) throw forbidden(budgetKind, name, 'pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > disruptedPodsMax) {
    throw forbidden(budgetKind, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (disruptionsAllowed === 0) {
    throw violated(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  return {
    ...status!,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...status?.disruptedPods, [podName]: time },
  };
}

function violated(message: string, seconds?: number): StatusError {
  const cause = { reason: 'DisruptionBudget', message } satisfies StatusCause;
  return new StatusError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    details: { causes: [cause], ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }) },
  });
}

/** Guarded by the version that was looked at: two evictions never spend the same disruption. */
function write(
  { budgets }: EvictionParts,
  { metadata }: V1PodDisruptionBudget,
  { status, request }: { status: V1PodDisruptionBudgetStatus; request: WriteRequest },
): Promise<unknown> {
  const patch: PatchRequest = {
    ...request,
    subresource: 'status',
    type: 'merge',
    body: { metadata: { resourceVersion: metadata?.resourceVersion }, status },
    complaints: [],
    force: false,
  };
  return budgets.patch({ namespace: metadata?.namespace, name: metadata?.name ?? '' }, patch);
}
