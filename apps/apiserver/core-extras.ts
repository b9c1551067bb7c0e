import type { ResourceDefinition } from '../../libs/api/definition.ts';
import type { V1Binding } from '../../libs/api/gen/types.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import type { StoreMirror } from '../../libs/cache/mirror.ts';
import { bindPod, type PodBinder } from '../../libs/registry/binder.ts';
import { ComputedResource } from '../../libs/registry/computed-resource.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import { ReviewResource } from '../../libs/registry/review-resource.ts';
import type { Store } from '../../libs/store/store.ts';
import { storeCheck } from './checks.ts';
import type { HealthCheck } from './health.ts';

const bindings: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  singular: 'binding',
  namespaced: true,
  type: 'V1Binding',
  verbs: ['create'],
};

const componentStatuses: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  singular: 'componentstatus',
  namespaced: false,
  type: 'V1ComponentStatus',
  verbs: ['get', 'list'],
  shortNames: ['cs'],
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
};

export interface CoreExtras {
  readonly binder: PodBinder;
  readonly mirror: StoreMirror;
  readonly store: Store;
}

/** Serves what core/v1 has besides stored kinds: bindings by themselves, and how the server's parts are. */
export function serveCoreExtras(registry: Registry, { binder, mirror, store }: CoreExtras): void {
  const bind = new ReviewResource(bindings, async (object, request, at) => {
    const binding = object as V1Binding;
    await bindPod(binder, { namespace: at.namespace, name: binding.metadata?.name ?? '' }, { binding, request });
    return binding;
  });
  const compute = async () => [await statusOf({ ...storeCheck(store), name: 'etcd-0' })];
  registry.serve({ definition: bindings, service: bind });
  registry.serve({ definition: componentStatuses, service: new ComputedResource(componentStatuses, compute, mirror) });
}

async function statusOf({ name, check }: HealthCheck): Promise<KubeObject> {
  const healthy = await check().then(
    () => true,
    () => false,
  );
  const condition = { type: 'Healthy', status: healthy ? 'True' : 'False', message: healthy ? 'ok' : 'failed' };
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions: [condition] } as KubeObject;
}
