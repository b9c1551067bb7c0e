import type { V1OwnerReference, V1Pod } from '../api/gen/types.ts';
import { preferring, relocationOf } from '../api/kinds/pod/relocation.ts';
import type { KubeObject } from '../api/meta.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import type { AdmissionPlugin } from './chain.ts';

/** Sends the replacement of a pod that is being moved to the node where it is wanted. */
export function relocations(mirror: StoreMirror): AdmissionPlugin {
  const sets = mirror.collection('apps', 'replicasets');
  const deployments = mirror.collection('apps', 'deployments');
  return {
    name: 'Relocation',
    resources: ['/pods'],
    admit({ operation, object, subresource }) {
      if (operation !== 'create' || subresource !== undefined) return undefined;
      const pod = object as V1Pod;
      const owner = controllerOf(pod);
      if (owner?.kind !== 'ReplicaSet') return undefined;
      const namespace = pod.metadata?.namespace;
      const set = sets.get(`${namespace}/${owner.name}`)?.object;
      if (set === undefined) return undefined;
      const above = controllerOf(set);
      const mover = above?.kind === 'Deployment' ? deployments.get(`${namespace}/${above.name}`)?.object : set;
      const relocation = mover && relocationOf(mover);
      if (relocation !== undefined) pod.spec = preferring(pod, relocation.to).spec;
      return undefined;
    },
  };
}

function controllerOf({ metadata }: KubeObject): V1OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller);
}
