import type { V1OwnerReference } from '../../api/gen/types.ts';
import type { KubeObject, Resource } from '../../api/meta.ts';

/** An object with its place in the API. */
export interface GraphNode {
  resource: Resource;
  object: KubeObject;
}

/**
 * Who owns whom, by uid, as the caches show it. Only what is owned, or will not go at once when it is deleted, is kept:
 * most objects have no part in this.
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  put(resource: Resource, object: KubeObject): void {
    const uid = object.metadata?.uid;
    if (!uid) return;
    this.remove(uid);
    if (!hasPart(object)) return;
    this.#nodes.set(uid, { resource, object });
    for (const { uid: owner } of ownersOf(object)) {
      const dependents = this.#dependents.get(owner) ?? new Set<string>();
      this.#dependents.set(owner, dependents.add(uid));
    }
  }

  remove(uid: string): void {
    const standing = this.#nodes.get(uid);
    if (!standing) return;
    this.#unlink(uid, standing);
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

function hasPart({ metadata }: KubeObject): boolean {
  const { ownerReferences = [], finalizers = [], deletionTimestamp } = metadata ?? {};
  return ownerReferences.length > 0 || finalizers.length > 0 || deletionTimestamp !== undefined;
}

const nobody: readonly V1OwnerReference[] = [];
export const ownersOf = (object: KubeObject): readonly V1OwnerReference[] => object.metadata?.ownerReferences ?? nobody;
