import type { V1CustomResourceDefinition, V1OwnerReference, V1Pod } from '../../api/gen/types.ts';
import { customresourcedefinitions } from '../../api/kinds/customresourcedefinition.ts';
import { deployments } from '../../api/kinds/deployment.ts';
import { replicasets } from '../../api/kinds/replicaset.ts';
import { replicationcontrollers } from '../../api/kinds/replicationcontroller.ts';
import { statefulsets } from '../../api/kinds/statefulset.ts';
import { type KubeObject, objectKey } from '../../api/meta.ts';
import type { ControllerContext } from '../../reconcile/controller.ts';
import { controllerOf, refersTo } from '../../reconcile/ownership.ts';
import { unlessMissing } from '../../reconcile/retry.ts';

export interface Sized extends KubeObject {
  spec?: { replicas?: number };
}

const sizedKinds = [replicationcontrollers, deployments, replicasets, statefulsets];

/** Knows how many pods the controllers of pods ask for: those of the cluster itself, and custom ones that scale. */
export class ControllerSizes {
  readonly #client;
  readonly #definitions;
  readonly #sized;

  constructor({ client, informers }: ControllerContext) {
    this.#client = client;
    this.#definitions = informers.of(customresourcedefinitions);
    this.#sized = sizedKinds.map((resource) => ({ resource, cache: informers.of<Sized>(resource) }));
  }

  get caches() {
    return [this.#definitions, ...this.#sized.map(({ cache }) => cache)];
  }

  /** Calls back when a size changes, or comes to be known. */
  follow(changed: (owner: Sized) => void): void {
    for (const { cache } of this.#sized) {
      cache.addHandler({
        added: changed,
        updated: (owner, previous) => {
          if (owner.spec?.replicas !== previous.spec?.replicas) changed(owner);
        },
      });
    }
  }

  /** The sizes of all that control one of the pods, and the pods that nobody controls. @throws Error, in words. */
  async together(pods: readonly V1Pod[]): Promise<{ expected: number; unmanaged: readonly V1Pod[] }> {
    const sizes = new Map<string, number>();
    const unmanaged: V1Pod[] = [];
    const seen = new Set<string>();
    for (const pod of pods) {
      const reference = controllerOf(pod);
      if (!reference) unmanaged.push(pod);
      else if (!seen.has(reference.uid)) {
        seen.add(reference.uid);
        const { uid, size } = (await this.#sizeOf(pod, reference)) ?? notFound(pod);
        sizes.set(uid, size);
      }
    }
    return { expected: [...sizes.values()].reduce((sum, size) => sum + size, 0), unmanaged };
  }

  async #sizeOf(pod: V1Pod, reference: V1OwnerReference): Promise<{ uid: string; size: number } | undefined> {
    const { namespace } = pod.metadata ?? {};
    const owner = this.#topOwner(namespace, reference);
    if (owner) return { uid: owner.metadata?.uid ?? '', size: owner.spec?.replicas ?? 1 };
    if (sizedKinds.some((resource) => refersTo(resource, reference))) return undefined;
    return this.#customSize(namespace, reference);
  }

  /** The object whose size counts: the Deployment behind a ReplicaSet, or the pod's controller itself. */
  #topOwner(namespace: string | undefined, reference: V1OwnerReference): Sized | undefined {
    const kind = this.#sized.find(({ resource }) => refersTo(resource, reference));
    const owner = kind?.cache.get(objectKey({ namespace, name: reference.name }));
    if (!owner || owner.metadata?.uid !== reference.uid) return undefined;
    const above = controllerOf(owner);
    return (above && this.#topOwner(namespace, above)) ?? owner;
  }

  async #customSize(namespace: string | undefined, reference: V1OwnerReference) {
    const [group = '', version = ''] = reference.apiVersion.includes('/') ? reference.apiVersion.split('/') : [];
    const isOf = ({ spec }: V1CustomResourceDefinition) => spec?.group === group && spec.names.kind === reference.kind;
    const definition = this.#definitions.list().find(isOf)?.spec;
    const scale = definition?.versions.find(({ name }) => name === version)?.subresources?.scale;
    if (!definition || !scale) {
      const plural = definition?.names.plural ?? `${reference.kind.toLowerCase()}s`;
      throw new Error(`${group === '' ? plural : `${plural}.${group}`} does not implement the scale subresource`);
    }
    const { kind, plural } = definition.names;
    const resource = { group, version, kind, plural, namespaced: definition.scope === 'Namespaced' };
    const owner = await unlessMissing(this.#client.get(resource, { namespace, name: reference.name }));
    if (!owner || owner.metadata?.uid !== reference.uid) return undefined;
    return { uid: reference.uid, size: numberAt(owner, scale.specReplicasPath) };
  }
}

function notFound({ metadata }: V1Pod): never {
  throw new Error(`found no controllers for pod "${metadata?.name}"`);
}

/** The number at a path such as `.spec.replicas`; 0 where there is none. */
function numberAt(object: unknown, path: string): number {
  let value = object;
  for (const step of path.split('.').filter(Boolean)) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  }
  return typeof value === 'number' ? value : 0;
}
