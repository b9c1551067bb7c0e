import type { V1EndpointSlice, V1Node, V1Service } from '../../api/gen/types.ts';
import { endpointslices } from '../../api/kinds/endpointslice.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { services } from '../../api/kinds/service.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { rfc3339 } from '../../base/clock.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { isNamespaceTerminating, unlessMissing } from '../../reconcile/retry.ts';
import { podsOf, watchServicePods } from '../../reconcile/service-pods.ts';
import { compute, managedBy, managedByLabel, serviceNameLabel } from './compute.ts';
import type { SlicePlan } from './slices.ts';

const byService = 'service';

/** Keeps EndpointSlices for services with a selector. */
export function newEndpointSliceController(context: ControllerContext): Controller {
  const reconciler = new EndpointSliceReconciler(context);
  const { nodeCache, serviceCache, sliceCache } = reconciler;
  const controller = new Controller(context, {
    name: 'endpointslice',
    caches: [serviceCache, context.informers.of(pods), sliceCache, nodeCache],
    reconcile: (key) => reconciler.reconcile(key),
  });
  watchServicePods(context, (key) => controller.enqueue(key));
  const enqueueService = (slice: V1EndpointSlice) => {
    for (const key of serviceKeyOf(slice)) controller.enqueue(key);
  };
  // What others do to the slices is mended; what this controller wrote comes back as no change.
  sliceCache.addHandler({ added: enqueueService, updated: enqueueService, deleted: enqueueService });
  const zoneOf = (node: V1Node) => node.metadata?.labels?.['topology.kubernetes.io/zone'];
  const enqueueAll = () => {
    for (const service of serviceCache.list()) controller.enqueue(objectKey(nameOf(service)));
  };
  nodeCache.addHandler({
    updated: (node, previous) => {
      if (zoneOf(node) !== zoneOf(previous)) enqueueAll();
    },
  });
  return controller;
}

function serviceKeyOf(slice: V1EndpointSlice): string[] {
  const labels = slice.metadata?.labels ?? {};
  const name = labels[serviceNameLabel];
  if (!name || labels[managedByLabel] !== managedBy) return [];
  return [objectKey({ namespace: slice.metadata?.namespace, name })];
}

class EndpointSliceReconciler {
  readonly #context: ControllerContext;
  readonly #expectations: Expectations;
  readonly nodeCache;
  readonly serviceCache;
  readonly sliceCache;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#expectations = new Expectations({ ...context, resource: endpointslices });
    this.nodeCache = context.informers.of(nodes);
    this.serviceCache = context.informers.of(services);
    this.sliceCache = context.informers.of(endpointslices).addIndex(byService, serviceKeyOf);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    await this.#expectations.settle(key);
    const service = this.serviceCache.get(key);
    const slices = this.sliceCache.byIndex(byService, key);
    if (!service || service.metadata?.deletionTimestamp) {
      this.#expectations.forget(key);
      if (!service) await this.#removeAll(slices);
      return {};
    }
    if (!isManaged(service)) return {};
    if (!this.#expectations.satisfied(key, this.sliceCache, slices)) return { requeueAfterMs: expectationRecheckMs };
    const plan = compute({
      service,
      pods: podsOf(this.#context, service),
      slices,
      nodeOf: (name) => this.nodeCache.get(name),
      triggerTime: rfc3339(this.#context.clock.now()),
    });
    try {
      await this.#apply(key, plan);
    } catch (error) {
      this.#expectations.writeFailed(key, error);
      if (!isNamespaceTerminating(error)) throw error;
    }
    return {};
  }

  async #apply(key: string, plan: SlicePlan): Promise<void> {
    const { client } = this.#context;
    for (const slice of plan.create) {
      const made = await client.create(endpointslices, slice);
      this.#expectations.expectVersion(key, made.metadata?.resourceVersion);
    }
    for (const slice of plan.update) {
      const written = await client.update(endpointslices, slice);
      this.#expectations.expectVersion(key, written.metadata?.resourceVersion);
    }
    await this.#removeAll(plan.remove);
    for (const slice of plan.remove) this.#expectations.expectDeletion(key, slice.metadata?.uid ?? '');
  }

  async #removeAll(slices: readonly V1EndpointSlice[]): Promise<void> {
    for (const slice of slices) await unlessMissing(this.#context.client.delete(endpointslices, nameOf(slice)));
  }
}

/** ExternalName services are names only, and without a selector the user says who stands behind the service. */
function isManaged(service: V1Service): boolean {
  return service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0;
}
