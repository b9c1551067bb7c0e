import type { V1EndpointSlice } from '../../api/gen/types.ts';
import { endpoints } from '../../api/kinds/endpoints.ts';
import { endpointslices } from '../../api/kinds/endpointslice.ts';
import { services } from '../../api/kinds/service.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { isNamespaceTerminating, unlessMissing } from '../../reconcile/retry.ts';
import { compute, isMirrored, managedBy, managedByLabel, sameSlice, serviceNameLabel } from './compute.ts';

const byService = 'mirrored service';

/** Keeps EndpointSlices that mirror the Endpoints which people write for services without a selector. */
export function newEndpointSliceMirroringController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const expectations = new Expectations({ client, clock, resource: endpointslices });
  const endpointsCache = informers.of(endpoints);
  const serviceCache = informers.of(services);
  const sliceCache = informers.of(endpointslices).addIndex(byService, keyOfMirror);

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    await expectations.settle(key);
    const standing = sliceCache.byIndex(byService, key);
    if (!expectations.satisfied(key, sliceCache, standing)) return { requeueAfterMs: expectationRecheckMs };
    const source = endpointsCache.get(key);
    const wanted = isMirrored(source, serviceCache.get(key)) ? compute(source) : [];
    const missing = wanted.filter((slice) => !standing.some((other) => sameSlice(slice, other)));
    const spare = standing.filter((slice) => !wanted.some((other) => sameSlice(slice, other)));
    try {
      for (const slice of missing) {
        const old = spare.findIndex((other) => other.addressType === slice.addressType);
        const [reused] = old < 0 ? [] : spare.splice(old, 1);
        const metadata = { ...reused?.metadata, ...slice.metadata, generateName: undefined };
        const written = reused
          ? await client.update(endpointslices, { ...slice, metadata })
          : await client.create(endpointslices, slice);
        expectations.expectVersion(key, written.metadata?.resourceVersion);
      }
      for (const slice of spare) await unlessMissing(client.delete(endpointslices, nameOf(slice)));
    } catch (error) {
      expectations.writeFailed(key, error);
      if (!isNamespaceTerminating(error)) throw error;
    }
    return {};
  };

  const caches = [endpointsCache, serviceCache, sliceCache];
  const controller = new Controller(context, { name: 'endpointslicemirroring', caches, reconcile });
  const enqueue = (object: KubeObject) => controller.enqueue(objectKey(nameOf(object)));
  endpointsCache.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  serviceCache.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  const enqueueSource = (slice: V1EndpointSlice) => {
    for (const key of keyOfMirror(slice)) controller.enqueue(key);
  };
  sliceCache.addHandler({ updated: enqueueSource, deleted: enqueueSource });
  return controller;
}

function keyOfMirror(slice: V1EndpointSlice): string[] {
  const labels = slice.metadata?.labels ?? {};
  const name = labels[serviceNameLabel];
  if (!name || labels[managedByLabel] !== managedBy) return [];
  return [objectKey({ namespace: slice.metadata?.namespace, name })];
}
