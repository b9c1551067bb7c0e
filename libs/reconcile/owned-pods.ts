import type { V1LabelSelector, V1Pod } from '../api/gen/types.ts';
import { pods } from '../api/kinds/pod.ts';
import { type KubeObject, nameOf, objectKey, type Resource } from '../api/meta.ts';
import type { Informer } from '../client/informer.ts';
import { adoptAndRelease } from './adoption.ts';
import type { ControllerContext } from './controller.ts';
import {
  byController,
  controllerOf,
  controllerUidOf,
  namespaceOfOrphan,
  orphans,
  refersTo,
  selectorMatches,
} from './ownership.ts';
import { isPodTerminal } from './pods.ts';

/** The pods of one kind of owner, found by their controller reference or, for orphans, by their labels. */
export class OwnedPods<O extends KubeObject> {
  readonly cache: Informer<V1Pod>;
  readonly owners: Informer<O>;
  readonly #context: ControllerContext;
  readonly #resource: Resource<O>;
  readonly #selectorOf: (owner: O) => V1LabelSelector | undefined;
  /** What the owners keep their pods with. */
  readonly #finalizer: string | undefined;

  constructor(
    context: ControllerContext,
    resource: Resource<O>,
    { selectorOf, finalizer }: { selectorOf: (owner: O) => V1LabelSelector | undefined; finalizer?: string },
  ) {
    this.#context = context;
    this.#resource = resource;
    this.#selectorOf = selectorOf;
    this.#finalizer = finalizer;
    this.owners = context.informers.of(resource);
    this.cache = context.informers
      .of(pods)
      .addIndex(byController, controllerUidOf)
      .addIndex(orphans, namespaceOfOrphan);
  }

  /** Calls `changed` with the key of each owner that changes, or that a change of a pod concerns. */
  watch(changed: (key: string) => void): void {
    const tell = (owner: O) => changed(objectKey(nameOf(owner)));
    this.owners.addHandler({ added: tell, updated: tell, deleted: tell });
    const touch = (pod: V1Pod) => this.#ownersOf(pod).forEach(tell);
    this.cache.addHandler({
      added: touch,
      updated: (pod, previous) => {
        if (controllerOf(previous)?.uid !== controllerOf(pod)?.uid) touch(previous);
        touch(pod);
      },
      deleted: touch,
    });
  }

  /** What the cache shows: pods that the owner controls, and orphans that it might take. */
  candidatesOf(owner: O): V1Pod[] {
    const { namespace = '', uid = '' } = owner.metadata ?? {};
    const alone = this.cache.byIndex(orphans, namespace).filter((pod) => !isPodTerminal(pod));
    return [...this.cache.byIndex(byController, uid), ...alone];
  }

  /** The candidates that are the owner's once orphans are adopted and strangers released. */
  claim(owner: O, candidates: readonly V1Pod[]): Promise<V1Pod[]> {
    const { client } = this.#context;
    const selector = this.#selectorOf(owner);
    return adoptAndRelease({
      client,
      ownerResource: this.#resource,
      owner,
      resource: pods,
      selector,
      candidates,
      ...(this.#finalizer === undefined ? {} : { finalizer: this.#finalizer }),
    });
  }

  #ownersOf(pod: V1Pod): O[] {
    const namespace = pod.metadata?.namespace;
    const reference = controllerOf(pod);
    if (!reference) {
      if (pod.metadata?.deletionTimestamp || !pod.metadata?.labels) return [];
      const matches = (owner: O) => selectorMatches(this.#selectorOf(owner), pod.metadata?.labels);
      return this.owners.list(namespace).filter(matches);
    }
    if (!refersTo(this.#resource, reference)) return [];
    const owner = this.owners.get(objectKey({ namespace, name: reference.name }));
    return owner?.metadata?.uid === reference.uid ? [owner] : [];
  }
}
