import type { V1OwnerReference } from '../../api/gen/types.ts';
import { type KubeObject, nameOf, objectKey, type Resource } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import type { CustomKinds } from '../../reconcile/custom-kinds.ts';
import * as decide from './compute.ts';
import { type GraphNode, OwnerGraph, ownersOf } from './graph.ts';

/** How soon to look again at an owner that exists but that no cache shows yet. */
export const unseenOwnerRecheckMs = 5_000;

export interface GarbageCollectorOptions {
  /** Every built-in kind that may own or be owned. */
  resources: readonly Resource[];
  /** Kinds that come and go. */
  custom?: CustomKinds;
}

/** Deletes what has lost its owners, and carries out foreground and orphaning deletions. */
export function newGarbageCollector(
  context: ControllerContext,
  { resources, custom }: GarbageCollectorOptions,
): Controller {
  const collector = new Collector(context);
  const caches = resources.map((resource) => context.informers.of(resource));
  const controller = new Controller(context, {
    name: 'garbage-collector',
    caches: [...caches, ...(custom ? [custom.cache] : [])],
    workers: 20,
    reconcile: (uid) => collector.reconcile(uid, (other) => controller.enqueue(other)),
  });
  const enqueue = (uid: string) => controller.enqueue(uid);
  for (const resource of resources) collector.follow(resource, enqueue);
  custom?.follow({
    added: ({ resource }) => collector.follow(resource, enqueue),
    removed: ({ resource }) => collector.forget(resource),
  });
  return controller;
}

function kindId({ group, kind }: { group: string; kind: string }): string {
  return `${group} ${kind}`;
}

function needsAttention(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers, ownerReferences } = object.metadata ?? {};
  return (ownerReferences?.length ?? 0) > 0 || (deletionTimestamp !== undefined && (finalizers?.length ?? 0) > 0);
}

class Collector {
  readonly #context: ControllerContext;
  readonly #events;
  readonly #byKind = new Map<string, Resource>();
  readonly #unfollow = new Map<string, () => void>();
  readonly graph = new OwnerGraph();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = context.events.for('garbage-collector-controller');
  }

  /** Puts the objects of a kind into the graph, as they come and go. */
  follow(resource: Resource, enqueue: (uid: string) => void): void {
    const id = kindId(resource);
    this.#byKind.set(id, resource);
    const put = (object: KubeObject) => {
      this.graph.put(resource, object);
      if (needsAttention(object)) enqueue(object.metadata?.uid ?? '');
    };
    const unfollow = this.#context.informers.of(resource).addHandler({
      added: put,
      updated: (object, previous) => {
        put(object);
        for (const owner of this.waitingOwnersOf(previous)) enqueue(owner);
      },
      deleted: (object) => {
        const uid = object.metadata?.uid ?? '';
        const dependents = this.graph.dependentsOf(uid);
        this.graph.remove(uid);
        for (const dependent of dependents) enqueue(dependent.object.metadata?.uid ?? '');
        for (const owner of this.waitingOwnersOf(object)) enqueue(owner);
      },
    });
    this.#unfollow.set(id, unfollow);
  }

  /** A kind that is gone; its objects went before it. */
  forget(resource: Resource): void {
    const id = kindId(resource);
    this.#byKind.delete(id);
    this.#unfollow.get(id)?.();
    this.#unfollow.delete(id);
    void this.#context.informers.drop(resource);
  }

  /** Owners of the object that wait for their dependents to go. */
  waitingOwnersOf(object: KubeObject): string[] {
    const owners = ownersOf(object);
    if (owners.length === 0) return [];
    return owners
      .map(({ uid }) => uid)
      .filter((uid) => {
        const owner = this.graph.get(uid);
        return owner !== undefined && decide.isWaiting(owner.object);
      });
  }

  async reconcile(uid: string, enqueue: (uid: string) => void): Promise<ReconcileResult> {
    const node = this.graph.get(uid);
    if (!node) return {};
    const dependents = this.graph.dependentsOf(uid);
    if (node.object.metadata?.deletionTimestamp) {
      const action = decide.computeDeleting(node.object, dependents);
      for (const dependent of action.do === 'deleteDependents' ? dependents : []) {
        // One that leaves already tells by its own event when it is gone.
        if (!dependent.object.metadata?.deletionTimestamp) enqueue(dependent.object.metadata?.uid ?? '');
      }
      await this.#perform(node, action, dependents);
      return {};
    }
    if (ownersOf(node.object).length === 0) return {};
    const { states, recheck } = await this.#judgeOwners(node);
    await this.#perform(node, decide.computeOwned(node.object, states, dependents), dependents);
    return recheck ? { requeueAfterMs: unseenOwnerRecheckMs } : {};
  }

  async #judgeOwners(node: GraphNode): Promise<{ states: Map<string, decide.OwnerState>; recheck: boolean }> {
    const states = new Map<string, decide.OwnerState>();
    let recheck = false;
    for (const reference of ownersOf(node.object)) {
      const seen = this.#seenOwner(node, reference);
      if (seen) {
        states.set(reference.uid, decide.isWaiting(seen) ? 'waiting' : 'solid');
        continue;
      }
      const state = await this.#ask(node, reference);
      states.set(reference.uid, state);
      // An owner that is there but in no cache may go without an event.
      if (state === 'solid' || state === 'waiting') recheck = true;
    }
    return { states, recheck };
  }

  /** The owner, if the caches show it under the kind and the name that the reference gives it. */
  #seenOwner({ object }: GraphNode, reference: V1OwnerReference): KubeObject | undefined {
    const resource = this.#byKind.get(kindId({ group: groupOf(reference), kind: reference.kind }));
    if (!resource) return undefined;
    const at = { name: reference.name, ...(resource.namespaced && { namespace: object.metadata?.namespace }) };
    const owner = this.#context.informers.of(resource).get(objectKey(at));
    return owner?.metadata?.uid === reference.uid ? owner : undefined;
  }

  /** Asks the server for an owner that the caches do not show: only its word makes a reference dangling. */
  async #ask(node: GraphNode, reference: V1OwnerReference): Promise<decide.OwnerState> {
    const resource = this.#byKind.get(kindId({ group: groupOf(reference), kind: reference.kind }));
    if (!resource) return 'unknown';
    const namespace = node.object.metadata?.namespace;
    if (resource.namespaced && !namespace) {
      const message = `ownerRef to ${reference.kind} ${reference.name} from a cluster-scoped object cannot be followed`;
      this.#events.record(node.resource, node.object, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message });
      return 'unknown';
    }
    try {
      const at = { name: reference.name, ...(resource.namespaced ? { namespace } : {}) };
      const owner = await this.#context.client.get(resource, at);
      if (owner.metadata?.uid !== reference.uid) return 'dangling';
      return decide.isWaiting(owner) ? 'waiting' : 'solid';
    } catch (error) {
      if (isStatus(error, 'NotFound')) return 'dangling';
      throw error;
    }
  }

  async #perform(node: GraphNode, action: decide.Action, dependents: readonly GraphNode[]): Promise<void> {
    const { client } = this.#context;
    const { uid = '', resourceVersion } = node.object.metadata ?? {};
    if (action.do === 'orphan') {
      await Promise.all(dependents.map((dependent) => this.#dropOwners(dependent, [uid])));
      await this.#removeFinalizer(node, decide.orphanFinalizer);
    } else if (action.do === 'finishForeground') await this.#removeFinalizer(node, decide.foregroundFinalizer);
    else if (action.do === 'dropOwners') await this.#dropOwners(node, action.uids);
    else if (action.do === 'delete') {
      const seen = action.unblock ? await this.#unblockOwners(node) : resourceVersion;
      const preconditions = { uid, ...(seen ? { resourceVersion: seen } : {}) };
      await unlessGone(
        client.delete(node.resource, nameOf(node.object), { propagationPolicy: action.policy, preconditions }),
      );
    }
  }

  async #dropOwners({ resource, object }: GraphNode, uids: readonly string[]): Promise<void> {
    const { uid, resourceVersion } = object.metadata ?? {};
    const ownerReferences = ownersOf(object).filter((owner) => !uids.includes(owner.uid));
    const metadata = { uid, resourceVersion, ownerReferences: ownerReferences.length > 0 ? ownerReferences : null };
    await unlessGone(this.#context.client.patch(resource, nameOf(object), { type: 'merge', body: { metadata } }));
  }

  /** Makes the object hold none of its owners back; returns its new version. */
  async #unblockOwners({ resource, object }: GraphNode): Promise<string | undefined> {
    const { uid, resourceVersion } = object.metadata ?? {};
    const ownerReferences = ownersOf(object).map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    const metadata = { uid, resourceVersion, ownerReferences };
    const written = await this.#context.client.patch(resource, nameOf(object), { type: 'merge', body: { metadata } });
    return written.metadata?.resourceVersion;
  }

  async #removeFinalizer({ resource, object }: GraphNode, finalizer: string): Promise<void> {
    const { uid, resourceVersion } = object.metadata ?? {};
    const finalizers = (object.metadata?.finalizers ?? []).filter((other) => other !== finalizer);
    const metadata = { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null };
    await unlessGone(this.#context.client.patch(resource, nameOf(object), { type: 'merge', body: { metadata } }));
  }
}

/** A kind is the same in every version of its group. */
function groupOf({ apiVersion }: V1OwnerReference): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}
