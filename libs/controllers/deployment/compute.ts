import type { V1Deployment, V1DeploymentStatus, V1ReplicaSet } from '../../api/gen/types.ts';
import { deployments } from '../../api/kinds/deployment.ts';
import { assert } from '../../base/assert.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { byAge, desiredOf, hasDeadline, rolloutLimits, sizeOf, sum, unlimited } from './limits.ts';
import * as revisions from './revision.ts';
import { newReplicaSetSize, recreateStep, rollingStep, type Sizes } from './rollout.ts';
import { isScalingEvent, scalingStep } from './scaling.ts';
import {
  condition,
  conditionOf,
  countStatus,
  isComplete,
  msUntilDeadline,
  rolloutStatus,
  withCondition,
} from './status.ts';
import { podTemplateHashLabel, sameTemplate, templateHash } from './template.ts';

const nameCharsMax = 253;

export interface Snapshot {
  deployment: V1Deployment;
  /** Those that the Deployment owns. */
  replicaSets: readonly V1ReplicaSet[];
  /** Whether a pod of an old ReplicaSet still exists and has not ended; only Recreate asks. */
  oldPodsRunning: boolean;
}

export interface Plan {
  /** To be made, when the current template has no ReplicaSet yet. */
  create?: V1ReplicaSet;
  /** To be written where they differ. */
  updates: Array<{ current: V1ReplicaSet; next: V1ReplicaSet }>;
  deletions: V1ReplicaSet[];
  /** The revision annotation that the Deployment must carry. */
  revision?: string;
  status: V1DeploymentStatus;
  /** Look again after this long: the deadline of the rollout. */
  requeueAfterMs?: number;
}

/** The ReplicaSet of the current template: the oldest, should there be several. */
export function findNewest(deployment: V1Deployment, replicaSets: readonly V1ReplicaSet[]): V1ReplicaSet | undefined {
  return [...replicaSets].sort(byAge).find((one) => sameTemplate(one.spec?.template, deployment.spec?.template));
}

/** What to do next for a Deployment. */
export function compute({ deployment, replicaSets, oldPodsRunning }: Snapshot, nowMs: number): Plan {
  const found = findNewest(deployment, replicaSets);
  const old = replicaSets.filter((replicaSet) => replicaSet !== found);
  if (deployment.metadata?.deletionTimestamp) {
    return { updates: [], deletions: [], status: countStatus(deployment, replicaSets, found, nowMs) };
  }
  const paused = deployment.spec?.paused === true;
  const scaling = paused || isScalingEvent(deployment, replicaSets);
  const recreate = deployment.spec?.strategy?.type === 'Recreate';
  const oldRuns = recreate && (oldPodsRunning || old.some((replicaSet) => sizeOf(replicaSet) > 0));
  const revision = revisions.highestRevision(old) + 1n;
  const create = found || scaling || oldRuns ? undefined : newReplicaSet(deployment, old, revision);
  const newest = found ?? create;
  const sizes = nextSizes({ deployment, newest, old, scaling, oldRuns });
  const updates = nextReplicaSets({ deployment, found, old, revision, sizes });
  const base = {
    deployment,
    all: create ? [...replicaSets, create] : replicaSets,
    newest,
    created: create !== undefined,
  };
  const status = nextStatus(base, scaling, nowMs);
  const deadlineMs = scaling ? undefined : msUntilDeadline(deployment, status, nowMs);
  const carried = updates.find((update) => update.current === found)?.next ?? newest;
  const annotated = carried?.metadata?.annotations?.[revisions.revisionAnnotation];
  const clean = sizes.size === 0 && (paused || isComplete(deployment, deployment.status ?? {}));
  return {
    ...(create ? { create } : {}),
    updates,
    deletions: clean ? surplusHistory(deployment, old) : [],
    ...(annotated === undefined ? {} : { revision: annotated }),
    status,
    // Times of conditions are whole seconds.
    ...(deadlineMs === undefined ? {} : { requeueAfterMs: Math.max(0, deadlineMs) + 1000 }),
  };
}

interface Sizing {
  deployment: V1Deployment;
  newest: V1ReplicaSet | undefined;
  old: readonly V1ReplicaSet[];
  scaling: boolean;
  oldRuns: boolean;
}

function nextSizes({ deployment, newest, old, scaling, oldRuns }: Sizing): Sizes {
  if (scaling) return scalingStep(deployment, newest, old);
  if (deployment.spec?.strategy?.type === 'Recreate')
    return recreateStep(deployment, oldRuns ? undefined : newest, old);
  return newest ? rollingStep(deployment, newest, old) : new Map();
}

interface Sized {
  deployment: V1Deployment;
  found: V1ReplicaSet | undefined;
  old: readonly V1ReplicaSet[];
  revision: bigint;
  sizes: Sizes;
}

function nextReplicaSets({ deployment, found, old, revision, sizes }: Sized): Plan['updates'] {
  const updates: Plan['updates'] = [];
  for (const current of found ? [...old, found] : old) {
    const before = current.metadata?.annotations ?? {};
    let annotations = before;
    let spec = current.spec;
    if (current === found) {
      annotations = revisions.newReplicaSetAnnotations(deployment, before, revision);
      const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
      if (spec && (spec.minReadySeconds ?? 0) !== minReadySeconds) spec = { ...spec, minReadySeconds };
    }
    const size = sizes.get(current.metadata?.name ?? '');
    if (size !== undefined) {
      annotations = { ...annotations, ...sizeAnnotations(deployment) };
      if (spec && size !== sizeOf(current)) spec = { ...spec, replicas: size };
    }
    const changed = Object.entries(annotations).some(([key, value]) => before[key] !== value);
    if (!changed && spec === current.spec) continue;
    updates.push({ current, next: { ...current, metadata: { ...current.metadata, annotations }, spec } });
  }
  // Growth before shrinkage keeps the service up should the second write fail.
  return updates.sort((a, b) => sizeOf(b.next) - sizeOf(b.current) - (sizeOf(a.next) - sizeOf(a.current)));
}

function sizeAnnotations(deployment: V1Deployment): Record<string, string> {
  const desired = desiredOf(deployment);
  return {
    [revisions.desiredReplicasAnnotation]: String(desired),
    [revisions.maxReplicasAnnotation]: String(desired + rolloutLimits(deployment).maxSurge),
  };
}

function newReplicaSet(deployment: V1Deployment, old: readonly V1ReplicaSet[], revision: bigint): V1ReplicaSet {
  assert(deployment.spec, 'a Deployment without a specification is not stored');
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [podTemplateHashLabel]: hash };
  const annotations = {
    ...revisions.newReplicaSetAnnotations(deployment, {}, revision),
    ...sizeAnnotations(deployment),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata?.name?.slice(0, nameCharsMax - 1 - hash.length)}-${hash}`,
      namespace: deployment.metadata?.namespace,
      labels,
      annotations,
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: newReplicaSetSize(deployment, 0, sum(old, sizeOf)),
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [podTemplateHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

interface StatusBase {
  deployment: V1Deployment;
  all: readonly V1ReplicaSet[];
  newest: V1ReplicaSet | undefined;
  created: boolean;
}

function nextStatus(
  { deployment, all, newest, created }: StatusBase,
  scaling: boolean,
  nowMs: number,
): V1DeploymentStatus {
  const before = withPause(withNewReplicaSet(deployment, newest, created, nowMs), nowMs);
  const counted = countStatus(before, all, newest, nowMs);
  return scaling ? counted : rolloutStatus(before, counted, { all, newest }, nowMs);
}

/** The clock of a rollout starts when its ReplicaSet is made, or first seen. */
function withNewReplicaSet(
  deployment: V1Deployment,
  newest: V1ReplicaSet | undefined,
  created: boolean,
  nowMs: number,
): V1Deployment {
  if (!newest || !hasDeadline(deployment)) return deployment;
  if (!created && conditionOf(deployment.status, 'Progressing')) return deployment;
  const name = newest.metadata?.name;
  const wanted = created
    ? condition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
    : condition('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${name}"`);
  return withConditions(deployment, wanted, nowMs);
}

function withPause(deployment: V1Deployment, nowMs: number): V1Deployment {
  if (!hasDeadline(deployment)) return deployment;
  const reason = conditionOf(deployment.status, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return deployment;
  const wasPaused = reason === 'DeploymentPaused';
  if (deployment.spec?.paused && !wasPaused) {
    return withConditions(
      deployment,
      condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused'),
      nowMs,
    );
  }
  if (deployment.spec?.paused || !wasPaused) return deployment;
  return withConditions(
    deployment,
    condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed'),
    nowMs,
  );
}

function withConditions(deployment: V1Deployment, wanted: ReturnType<typeof condition>, nowMs: number): V1Deployment {
  const conditions = withCondition(deployment.status?.conditions ?? [], wanted, { nowMs });
  return { ...deployment, status: { ...deployment.status, conditions } };
}

/** Old ReplicaSets beyond the history to keep, the lowest revisions first; never one that still has pods. */
function surplusHistory(deployment: V1Deployment, old: readonly V1ReplicaSet[]): V1ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  if (limit === unlimited) return [];
  const alive = old.filter((replicaSet) => !replicaSet.metadata?.deletionTimestamp);
  return alive
    .sort((a, b) => Number(revisions.revisionOf(a) - revisions.revisionOf(b)) || byAge(a, b))
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      (replicaSet) =>
        sizeOf(replicaSet) === 0 &&
        (replicaSet.status?.replicas ?? 0) === 0 &&
        (replicaSet.metadata?.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0),
    );
}
