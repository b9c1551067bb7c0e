import { isDeepStrictEqual } from 'node:util';
import type { V1Node, V1Pod } from '../../../libs/api/gen/types.ts';
import { configmaps } from '../../../libs/api/kinds/configmap.ts';
import { endpointslices } from '../../../libs/api/kinds/endpointslice.ts';
import { nodes } from '../../../libs/api/kinds/node.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { secrets } from '../../../libs/api/kinds/secret.ts';
import { services } from '../../../libs/api/kinds/service.ts';
import { type KubeObject, nameOf, objectKey, type Resource } from '../../../libs/api/meta.ts';
import { Informer } from '../../../libs/client/informer.ts';
import { InformerSet, type InformerSetOptions } from '../../../libs/client/informer-set.ts';
import type { MirroredResource } from '../../../libs/node/link.ts';
import { encodeJson } from '../../../libs/wire/json.ts';
import { type Reference, referencesOf } from './references.ts';

/** Someone who wants to know which objects of a node have changed. */
export interface BoardListener {
  readonly nodeName: string;
  changed(resource: MirroredResource, key: string): void;
}

/** What is sent of one object: its version and its JSON. */
export interface Sheet {
  version: string;
  bytes: Buffer;
}

/** Order of sending: what a pod refers to comes before the pod. */
export const mirroredResources: readonly MirroredResource[] = [
  'configmaps',
  'secrets',
  'services',
  'endpointslices',
  'nodes',
  'pods',
];

const ofEveryNode: ReadonlySet<MirroredResource> = new Set(['services', 'endpointslices', 'nodes']);
const byNode = 'node';
/** Pods that wait for a node concern nobody here: they are not even parsed. */
const boundPods = 'spec.nodeName!=';

/**
 * What every node is told of: one watch per resource, shared by all sessions, and who is concerned by each object.
 * Pods belong to their node, ConfigMaps and Secrets to the nodes of the pods that refer to them, the rest to all.
 */
export class Board {
  readonly informers: InformerSet;
  private readonly pods: Informer<V1Pod>;
  private readonly listeners = new Map<string, Set<BoardListener>>();
  /** How many pods of each node refer to each ConfigMap and Secret. */
  private readonly referrers = new Map<Reference, Map<string, number>>();
  private readonly referencesOfNode = new Map<string, Set<Reference>>();
  private readonly routes = new Map<string, KubeObject>();
  private readonly encoded = new WeakMap<KubeObject, Buffer>();

  constructor(options: InformerSetOptions) {
    this.informers = new InformerSet(options);
    this.pods = new Informer({ ...options, resource: pods, fieldSelector: boundPods });
    this.pods.addIndex(byNode, (pod) => pod.spec?.nodeName || undefined);
    this.pods.addHandler({
      added: (pod) => this.podChanged(undefined, pod),
      updated: (pod, previous) => this.podChanged(previous, pod),
      deleted: (pod) => this.podChanged(pod, undefined),
    });
    this.followReferred('configmaps', configmaps);
    this.followReferred('secrets', secrets);
    this.followShared('services', services);
    this.followShared('endpointslices', endpointslices);
    const node = (object: V1Node, gone: boolean) => this.nodeChanged(object, gone);
    this.informers.of(nodes).addHandler({
      added: (object) => node(object, false),
      updated: (object) => node(object, false),
      deleted: (object) => node(object, true),
    });
  }

  /** Resolves once every collection is complete. */
  async start(signal: AbortSignal): Promise<void> {
    this.informers.start();
    this.pods.start();
    await Promise.all(mirroredResources.map((resource) => this.informer(resource).waitSynced(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all([this.informers.stop(), this.pods.stop()]);
  }

  subscribe(listener: BoardListener): () => void {
    const of = this.listeners.get(listener.nodeName) ?? new Set();
    this.listeners.set(listener.nodeName, of.add(listener));
    return () => {
      of.delete(listener);
      if (of.size === 0 && this.listeners.get(listener.nodeName) === of) this.listeners.delete(listener.nodeName);
    };
  }

  /** Every key of the collection that concerns the node, with its version. */
  versions(nodeName: string, resource: MirroredResource): Map<string, string> {
    return new Map(this.objects(nodeName, resource).map((object) => [objectKey(nameOf(object)), versionOf(object)]));
  }

  /** The newest state of one object, or undefined when it is gone or not the node's business. */
  sheet(nodeName: string, resource: MirroredResource, key: string): Sheet | undefined {
    const object = this.object(nodeName, resource, key);
    if (!object) return undefined;
    if (!ofEveryNode.has(resource)) return { version: versionOf(object), bytes: encodeJson(slim(object)) };
    // What goes to every node is encoded once.
    const bytes = this.encoded.get(object) ?? encodeJson(slim(object));
    this.encoded.set(object, bytes);
    return { version: versionOf(object), bytes };
  }

  pod(key: string): V1Pod | undefined {
    return this.pods.get(key);
  }

  node(name: string): V1Node | undefined {
    return this.informers.of(nodes).get(name);
  }

  podsOf(nodeName: string): V1Pod[] {
    return this.pods.byIndex(byNode, nodeName);
  }

  refersTo(nodeName: string, reference: Reference): boolean {
    return this.referencesOfNode.get(nodeName)?.has(reference) ?? false;
  }

  private informer(resource: MirroredResource): Pick<Informer<KubeObject>, 'get' | 'list' | 'waitSynced'> {
    if (resource === 'pods') return this.pods;
    const definitions = { configmaps, secrets, services, endpointslices, nodes };
    return this.informers.of<KubeObject>(definitions[resource]);
  }

  private objects(nodeName: string, resource: MirroredResource): KubeObject[] {
    if (resource === 'pods') return this.podsOf(nodeName);
    if (resource === 'nodes') return [...this.routes.values()];
    const informer = this.informer(resource);
    if (ofEveryNode.has(resource)) return informer.list();
    const prefix = `${resource}/`;
    const keys = [...(this.referencesOfNode.get(nodeName) ?? [])].filter((reference) => reference.startsWith(prefix));
    return keys.flatMap((reference) => informer.get(reference.slice(prefix.length)) ?? []);
  }

  private object(nodeName: string, resource: MirroredResource, key: string): KubeObject | undefined {
    if (resource === 'nodes') return this.routes.get(key);
    if (resource === 'pods') {
      const pod = this.pod(key);
      return pod?.spec?.nodeName === nodeName ? pod : undefined;
    }
    const concerned = ofEveryNode.has(resource) || this.refersTo(nodeName, `${resource}/${key}`);
    return concerned ? this.informer(resource).get(key) : undefined;
  }

  private followReferred<T extends KubeObject>(resource: 'configmaps' | 'secrets', definition: Resource<T>): void {
    const changed = (object: T) => {
      const key = objectKey(nameOf(object));
      for (const nodeName of this.referrers.get(`${resource}/${key}`)?.keys() ?? []) this.tell(nodeName, resource, key);
    };
    this.informers.of(definition).addHandler({ added: changed, updated: changed, deleted: changed });
  }

  private followShared<T extends KubeObject>(resource: MirroredResource, definition: Resource<T>): void {
    const changed = (object: T) => this.tellAll(resource, objectKey(nameOf(object)));
    this.informers.of(definition).addHandler({ added: changed, updated: changed, deleted: changed });
  }

  private podChanged(previous: V1Pod | undefined, pod: V1Pod | undefined): void {
    const before = previous?.spec?.nodeName;
    const after = pod?.spec?.nodeName;
    // References first, so that they are sent before the pod that needs them.
    if (pod && after) for (const reference of referencesOf(pod)) this.refer(after, reference, 1);
    if (previous && before) for (const reference of referencesOf(previous)) this.refer(before, reference, -1);
    if (after) this.tellOfPod(after, pod);
    if (before && before !== after) this.tellOfPod(before, previous);
  }

  private tellOfPod(nodeName: string, pod: V1Pod | undefined): void {
    if (pod && this.listeners.has(nodeName)) this.tell(nodeName, 'pods', objectKey(nameOf(pod)));
  }

  private refer(nodeName: string, reference: Reference, by: 1 | -1): void {
    const counts = this.referrers.get(reference) ?? new Map<string, number>();
    const count = (counts.get(nodeName) ?? 0) + by;
    if (count > 0) counts.set(nodeName, count);
    else counts.delete(nodeName);
    if (counts.size > 0) this.referrers.set(reference, counts);
    else this.referrers.delete(reference);
    const own = this.referencesOfNode.get(nodeName) ?? new Set();
    const began = by === 1 && count === 1;
    const ended = count === 0;
    if (began) this.referencesOfNode.set(nodeName, own.add(reference));
    if (ended && own.delete(reference) && own.size === 0) this.referencesOfNode.delete(nodeName);
    if (!began && !ended) return;
    const slash = reference.indexOf('/');
    this.tell(nodeName, reference.slice(0, slash) as MirroredResource, reference.slice(slash + 1));
  }

  /** A node's heartbeats and images concern nobody else: only what routing needs is kept, and told when it changes. */
  private nodeChanged(node: V1Node, gone: boolean): void {
    const key = node.metadata?.name ?? '';
    const before = this.routes.get(key);
    if (gone) {
      this.routes.delete(key);
      this.tellAll('nodes', key);
      return;
    }
    const route = routeOf(node);
    if (before && isDeepStrictEqual(withoutVersion(before), withoutVersion(route))) return;
    this.routes.set(key, route);
    this.tellAll('nodes', key);
  }

  private tell(nodeName: string, resource: MirroredResource, key: string): void {
    for (const listener of this.listeners.get(nodeName) ?? []) listener.changed(resource, key);
  }

  private tellAll(resource: MirroredResource, key: string): void {
    for (const nodeName of this.listeners.keys()) this.tell(nodeName, resource, key);
  }
}

const versionOf = (object: KubeObject): string => object.metadata?.resourceVersion ?? '';

/** The object without the book-keeping that no node reads. */
function slim(object: KubeObject): KubeObject {
  if (!object.metadata?.managedFields) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function routeOf(node: V1Node): V1Node {
  const { name, uid, resourceVersion, labels, annotations } = node.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid, resourceVersion, labels, annotations },
    spec: node.spec,
    status: { addresses: node.status?.addresses },
  };
}

function withoutVersion(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: undefined } };
}
