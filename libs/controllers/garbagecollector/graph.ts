import type { V1OwnerReference } from '../../api/gen/types.ts';
import type { KubeObject, Resource } from '../../api/meta.ts';

/** An object with its place in the API. */
export interface GraphNode {
  resource: Resource;
  object: KubeObject;
}

/** Who owns whom, by uid, as the caches show it. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  put(resource: Resource, object: KubeObject): void {
    const uid = object.metadata?.uid;
    if (!uid) return;
    const before = this.#nodes.get(uid);
    this.#nodes.set(uid, { resource, object });
    if (before) this.#unlink(uid, before);
    for (const { uid: owner } of ownersOf(object)) {
      const dependents = this.#dependents.get(owner) ?? new Set<string>();
      this.#dependents.set(owner, dependents.add(uid));
    }
  }

  remove(uid: string): void {
    const before = this.#nodes.get(uid);
    if (before) this.#unlink(uid, before);
    this.#nodes.delete(uid);
  }

  dependentsOf(uid: string): GraphNode[] {
    const found = [...(this.#dependents.get(uid) ?? [])].map((dependent) => this.#nodes.get(dependent));
    return found.filter((node) => node !== undefined);
  }

  #unlink(uid: string, { object }: GraphNode): void {
    for (const { uid: owner } of ownersOf(object)) {
      const dependents = this.#dependents.get(owner);
      if (dependents?.delete(uid) && dependents.size === 0) this.#dependents.delete(owner);
    }
  }
}

const nobody: readonly V1OwnerReference[] = [];
export const ownersOf = (object: KubeObject): readonly V1OwnerReference[] => object.metadata?.ownerReferences ?? nobody;
