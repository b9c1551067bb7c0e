import type { V1LabelSelector, V1Pod, V2HorizontalPodAutoscaler } from '../../api/gen/types.ts';
import { horizontalpodautoscalers } from '../../api/kinds/horizontalpodautoscaler.ts';
import { pods } from '../../api/kinds/pod.ts';
import { apiVersionOf, type KubeObject, nameOf, objectKey, type Resource } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import type { CustomKinds } from '../../reconcile/custom-kinds.ts';
import { selectorMatches } from '../../reconcile/ownership.ts';
import { emptyHistory, type History } from './behavior.ts';
import { compute, type Plan, withConditions } from './compute.ts';
import { scaleView } from './custom-scale.ts';
import { type PodMetrics, podMetrics } from './metrics.ts';

export const defaultPeriodMs = 15_000;

export interface AutoscalerOptions {
  /** How often each autoscaler looks at the metrics: use changes without events. */
  periodMs?: number;
  /** Kinds that have a scale. */
  scalable: readonly Resource[];
  /** Custom kinds, of which some have a scale too. */
  custom?: CustomKinds;
}

/** What scalable kinds have in common. */
interface Scalable extends KubeObject {
  spec?: { replicas?: number; selector?: V1LabelSelector };
}

/** Sizes what HorizontalPodAutoscalers point at by what its pods use. */
export function newAutoscalerController(context: ControllerContext, options: AutoscalerOptions): Controller {
  const reconciler = new AutoscalerReconciler(context, options);
  const controller = new Controller(context, {
    name: 'horizontalpodautoscaler',
    caches: [reconciler.cache, reconciler.podCache],
    reconcile: (key) => reconciler.reconcile(key),
  });
  const enqueue = (autoscaler: V2HorizontalPodAutoscaler) => controller.enqueue(objectKey(nameOf(autoscaler)));
  reconciler.cache.addHandler({
    added: enqueue,
    updated: (autoscaler, previous) => {
      if (autoscaler.metadata?.generation !== previous.metadata?.generation) enqueue(autoscaler);
    },
    deleted: enqueue,
  });
  return controller;
}

class AutoscalerReconciler {
  readonly #context: ControllerContext;
  readonly #options: AutoscalerOptions;
  readonly #events;
  readonly #histories = new Map<string, { uid: string | undefined; history: History }>();
  readonly cache;
  readonly podCache;

  constructor(context: ControllerContext, options: AutoscalerOptions) {
    this.#context = context;
    this.#options = options;
    this.#events = context.events.for('horizontal-pod-autoscaler');
    this.cache = context.informers.of(horizontalpodautoscalers);
    this.podCache = context.informers.of(pods);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const autoscaler = this.cache.get(key);
    if (!autoscaler) {
      this.#histories.delete(key);
      return {};
    }
    const again = { requeueAfterMs: this.#options.periodMs ?? defaultPeriodMs };
    const target = await this.#readTarget(autoscaler);
    if (!target) return again;
    const { resource, object } = target;
    const plan = compute(await this.#observe(key, autoscaler, object), this.#context.clock.now());
    for (const { reason, message } of plan.warnings) this.#warn(autoscaler, reason, message);
    const scaled = await this.#scale(autoscaler, resource, object, plan);
    if (scaled) this.#histories.set(key, { uid: autoscaler.metadata?.uid, history: plan.history });
    await this.#writeStatus(autoscaler, scaled ? plan.status : autoscaler.status);
    return again;
  }

  async #readTarget(
    autoscaler: V2HorizontalPodAutoscaler,
  ): Promise<{ resource: Resource; object: Scalable } | undefined> {
    const { apiVersion = '', kind, name } = autoscaler.spec.scaleTargetRef;
    const named = this.#options.scalable.find(
      (resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion,
    );
    const custom = this.#options.custom?.list().find(({ resource, scale }) => {
      return scale && resource.kind === kind && apiVersionOf(resource) === apiVersion;
    });
    try {
      const found = named ?? custom?.resource;
      if (!found) throw new Error(`no scalable kind ${kind} in ${apiVersion}`);
      const resource: Resource<Scalable> = found;
      const object = await this.#context.client.get(resource, { namespace: autoscaler.metadata?.namespace, name });
      return { resource: found, object: custom?.scale ? scaleView(object, custom.scale) : object };
    } catch (error) {
      const message = `the target's size cannot be read: ${messageOf(error)}`;
      this.#warn(autoscaler, 'FailedGetScale', message);
      const failed = { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message };
      const conditions = withConditions(autoscaler.status?.conditions ?? [], [failed], this.#context.clock.now());
      await this.#writeStatus(autoscaler, { desiredReplicas: 0, ...autoscaler.status, conditions });
      return undefined;
    }
  }

  async #observe(key: string, autoscaler: V2HorizontalPodAutoscaler, object: Scalable) {
    const selector = object.spec?.selector;
    const matches = ({ metadata }: KubeObject) => selectorMatches(selector, metadata?.labels);
    const targets: V1Pod[] = this.podCache.list(autoscaler.metadata?.namespace).filter(matches);
    const remembered = this.#histories.get(key);
    const history = remembered?.uid === autoscaler.metadata?.uid ? remembered?.history : undefined;
    return {
      autoscaler,
      current: object.spec?.replicas ?? 1,
      pods: targets,
      measured: await this.#measure(autoscaler, matches),
      history: history ?? firstHistory(object, this.#context.clock.now()),
    };
  }

  async #measure(
    autoscaler: V2HorizontalPodAutoscaler,
    matches: (object: KubeObject) => boolean,
  ): Promise<PodMetrics[] | Error> {
    try {
      const { items } = await this.#context.client.list(podMetrics, { namespace: autoscaler.metadata?.namespace });
      return items.filter(matches);
    } catch (error) {
      return new Error(`the metrics API does not answer: ${messageOf(error)}`, { cause: error });
    }
  }

  async #scale(
    autoscaler: V2HorizontalPodAutoscaler,
    resource: Resource,
    object: Scalable,
    plan: Plan,
  ): Promise<boolean> {
    if (plan.replicas === (object.spec?.replicas ?? 1)) return true;
    const body = { spec: { replicas: plan.replicas } };
    try {
      await this.#context.client.patch(resource, nameOf(object), { type: 'merge', body }, { subresource: 'scale' });
    } catch (error) {
      this.#warn(
        autoscaler,
        'FailedRescale',
        `New size: ${plan.replicas}; reason: ${plan.reason}; error: ${messageOf(error)}`,
      );
      return false;
    }
    const message = `New size: ${plan.replicas}; reason: ${plan.reason}`;
    this.#events.record(horizontalpodautoscalers, autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message });
    const rescaled = {
      type: 'AbleToScale',
      status: 'True',
      reason: 'SucceededRescale',
      message: `the size is now ${plan.replicas}`,
    };
    plan.status.conditions = withConditions(plan.status.conditions ?? [], [rescaled], this.#context.clock.now());
    return true;
  }

  async #writeStatus(
    autoscaler: V2HorizontalPodAutoscaler,
    status: V2HorizontalPodAutoscaler['status'],
  ): Promise<void> {
    if (sameText(autoscaler.status, status)) return;
    try {
      await this.#context.client.update(horizontalpodautoscalers, { ...autoscaler, status }, { subresource: 'status' });
    } catch (error) {
      // The next look writes it.
      if (!isStatus(error, 'Conflict', 'NotFound')) throw error;
    }
  }

  #warn(autoscaler: V2HorizontalPodAutoscaler, reason: string, message: string): void {
    this.#events.record(horizontalpodautoscalers, autoscaler, { type: 'Warning', reason, message });
  }
}

/** A size that stood before the first look counts as a recommendation: a restart must not shrink anything at once. */
function firstHistory(object: Scalable, nowMs: number): History {
  return { ...emptyHistory(), recommendations: [{ replicas: object.spec?.replicas ?? 1, atMs: nowMs }] };
}

function sameText(one: unknown, other: unknown): boolean {
  const sorted = (_key: string, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
