import type { V1ConfigMap, V1Namespace, V1ServiceAccount } from '../../api/gen/types.ts';
import { configmaps } from '../../api/kinds/configmap.ts';
import { namespaces } from '../../api/kinds/namespace.ts';
import { serviceaccounts } from '../../api/kinds/serviceaccount.ts';
import { type KubeObject, objectKey, type Resource } from '../../api/meta.ts';
import { Controller, type ControllerContext } from '../../reconcile/controller.ts';
import { isNamespaceTerminating, unlessExists } from '../../reconcile/retry.ts';

export const rootCaName = 'kube-root-ca.crt';

interface Standing<T extends KubeObject> {
  /** The controller's name. */
  name: string;
  resource: Resource<T>;
  objectName: string;
  build(namespace: string): T;
  /** What an existing object must be changed to; undefined when it is as it should be. */
  mend?(existing: T): T | undefined;
}

/** Sees to it that each namespace has a ServiceAccount `default`. */
export function newServiceAccountController(context: ControllerContext): Controller {
  return keepInEachNamespace<V1ServiceAccount>(context, {
    name: 'serviceaccount',
    resource: serviceaccounts,
    objectName: 'default',
    build: (namespace) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }),
  });
}

/** Publishes the cluster's root certificate, in PEM, to each namespace. */
export function newRootCaController(context: ControllerContext, rootCa: string): Controller {
  const data = { 'ca.crt': rootCa };
  return keepInEachNamespace<V1ConfigMap>(context, {
    name: 'root-ca-certificate-publisher',
    resource: configmaps,
    objectName: rootCaName,
    build: (namespace) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: rootCaName, namespace }, data }),
    mend: (existing) => {
      const { data: found, binaryData, ...rest } = existing;
      if (JSON.stringify(found) === JSON.stringify(data) && !binaryData) return undefined;
      return { ...rest, data };
    },
  });
}

function keepInEachNamespace<T extends KubeObject>(context: ControllerContext, standing: Standing<T>): Controller {
  const { client, informers } = context;
  const { resource, objectName } = standing;
  const namespaceCache = informers.of(namespaces);
  const cache = informers.of(resource);
  const controller = new Controller(context, {
    name: standing.name,
    caches: [namespaceCache, cache],
    reconcile: async (namespace) => {
      if (!isActive(namespaceCache.get(namespace))) return {};
      const existing = cache.get(objectKey({ namespace, name: objectName }));
      try {
        if (!existing) await unlessExists(client.create(resource, standing.build(namespace)));
        const mended = existing && standing.mend?.(existing);
        if (mended) await client.update(resource, mended);
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error;
      }
      return {};
    },
  });
  const enqueue = (namespace: V1Namespace) => controller.enqueue(namespace.metadata?.name ?? '');
  namespaceCache.addHandler({ added: enqueue, updated: enqueue });
  const enqueueNamespaceOf = (object: T) => {
    if (object.metadata?.name === objectName) controller.enqueue(object.metadata.namespace ?? '');
  };
  cache.addHandler({ updated: enqueueNamespaceOf, deleted: enqueueNamespaceOf });
  return controller;
}

function isActive(namespace: V1Namespace | undefined): boolean {
  return namespace !== undefined && !namespace.metadata?.deletionTimestamp;
}
