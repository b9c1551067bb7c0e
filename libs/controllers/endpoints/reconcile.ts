import { endpoints } from '../../api/kinds/endpoints.ts';
import { pods } from '../../api/kinds/pod.ts';
import { services } from '../../api/kinds/service.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import { rfc3339 } from '../../base/clock.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { isNamespaceTerminating, unlessMissing } from '../../reconcile/retry.ts';
import { podsOf, watchServicePods } from '../../reconcile/service-pods.ts';
import { compute, sameEndpoints, triggerTimeAnnotation } from './compute.ts';

/** Keeps Endpoints, the older form of EndpointSlices, for services with a selector. */
export function newEndpointsController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const serviceCache = informers.of(services);
  const endpointsCache = informers.of(endpoints);

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const service = serviceCache.get(key);
    const current = endpointsCache.get(key);
    if (!service) {
      // Named like the service and left behind by it; Endpoints that people made for no service stay.
      const mine = current?.metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller';
      if (current && mine) await unlessMissing(client.delete(endpoints, nameOf(current)));
      return {};
    }
    const selects = Object.keys(service.spec?.selector ?? {}).length > 0;
    if (!selects || service.metadata?.deletionTimestamp || service.spec?.type === 'ExternalName') return {};
    const wanted = compute(service, podsOf(context, service));
    if (current && sameEndpoints(current, wanted)) return {};
    const annotations = { ...wanted.metadata?.annotations, [triggerTimeAnnotation]: rfc3339(clock.now()) };
    const { labels } = wanted.metadata ?? {};
    try {
      if (current) {
        const metadata = { ...current.metadata, labels, annotations };
        await client.update(endpoints, { ...wanted, metadata });
      } else await client.create(endpoints, { ...wanted, metadata: { ...wanted.metadata, annotations } });
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
    return {};
  };

  const controller = new Controller(context, {
    name: 'endpoint',
    caches: [serviceCache, endpointsCache, informers.of(pods)],
    reconcile,
  });
  watchServicePods(context, (key) => controller.enqueue(key));
  const enqueue = (object: KubeObject) => controller.enqueue(objectKey(nameOf(object)));
  endpointsCache.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  return controller;
}
