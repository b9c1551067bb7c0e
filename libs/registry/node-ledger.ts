import type { V1Node, V1Pod } from '../api/gen/types.ts';
import { type Amounts, amountsOf, podRequests } from '../api/kinds/pod/requests.ts';
import type { Collection } from '../cache/collection.ts';
import type { Document } from '../cache/document.ts';
import type { StoreMirror } from '../cache/mirror.ts';

interface Entered {
  nodeName: string;
  /** Changes when what the pod asks for does. */
  generation: number;
  amounts: Amounts;
}

interface Used {
  pods: number;
  amounts: Map<string, number>;
}

/** What the pods on each node ask for together, kept current with the mirror. */
export class NodeLedger {
  private readonly pods = new Map<string, Entered>();
  private readonly nodes = new Map<string, Used>();
  private readonly nodeObjects: Collection;
  private readonly podObjects: Collection;
  /** What each node has, read once for all pods that are bound to it as long as it stays the same. */
  private readonly rooms = new WeakMap<V1Node, Amounts>();

  constructor(mirror: StoreMirror) {
    this.nodeObjects = mirror.collection('', 'nodes');
    this.podObjects = mirror.collection('', 'pods');
    this.follow(this.podObjects);
  }

  /** What a pod needs that its node has not, in words; undefined when there is room. A node without object has all. */
  shortage(nodeName: string, amounts: Amounts): string | undefined {
    const node = this.nodeObjects.get(nodeName)?.object as V1Node | undefined;
    if (node === undefined) return undefined;
    const room = this.roomOf(node);
    const used = this.nodes.get(nodeName);
    const pods = room.get('pods');
    if (pods !== undefined && (used?.pods ?? 0) + 1 > pods) return 'too many pods';
    for (const [resource, amount] of amounts) {
      if (amount <= 0) continue;
      const free = (room.get(resource) ?? 0) - (used?.amounts.get(resource) ?? 0);
      if (amount > free) return `insufficient ${resource}`;
    }
    return undefined;
  }

  private roomOf(node: V1Node): Amounts {
    const known = this.rooms.get(node);
    if (known !== undefined) return known;
    const room = amountsOf(node.status?.allocatable);
    this.rooms.set(node, room);
    return room;
  }

  /** Counts a pod on a node before the store shows it there; what the store shows later takes its place. */
  enter(key: string, entered: Entered): void {
    this.leave(key);
    this.pods.set(key, entered);
    this.add(entered, 1);
  }

  /** Counts a pod no longer. */
  leave(key: string): void {
    const entered = this.pods.get(key);
    if (entered === undefined) return;
    this.pods.delete(key);
    this.add(entered, -1);
  }

  /** Counts the pod as the mirror shows it. */
  restore(key: string): void {
    this.show(key, podOnNode(this.podObjects.get(key))?.object as V1Pod | undefined);
  }

  private follow(collection: Collection): void {
    this.pods.clear();
    this.nodes.clear();
    for (const [key, document] of collection.list({})) {
      this.show(key, podOnNode(document)?.read() as V1Pod | undefined);
    }
    collection.watch({}, collection.lastChange, {
      // Kept in its parsed form: whoever follows pods in this process reads it next.
      event: (_type, event) => this.show(event.key, podOnNode(event.current)?.object as V1Pod | undefined),
      expired: () => this.follow(collection),
    });
  }

  private show(key: string, pod: V1Pod | undefined): void {
    const nodeName = pod?.spec?.nodeName;
    const phase = pod?.status?.phase;
    if (pod === undefined || !nodeName || phase === 'Succeeded' || phase === 'Failed') {
      this.leave(key);
      return;
    }
    const generation = generationOf(pod);
    const known = this.pods.get(key);
    if (known?.nodeName === nodeName && known.generation === generation && generation >= 0) return;
    this.enter(key, { nodeName, generation, amounts: podRequests(pod) });
  }

  private add({ nodeName, amounts }: Entered, sign: 1 | -1): void {
    let used = this.nodes.get(nodeName);
    if (used === undefined) {
      used = { pods: 0, amounts: new Map() };
      this.nodes.set(nodeName, used);
    }
    used.pods += sign;
    for (const [resource, amount] of amounts) {
      used.amounts.set(resource, (used.amounts.get(resource) ?? 0) + amount * sign);
    }
    if (used.pods === 0) this.nodes.delete(nodeName);
  }
}

/** Those that wait for a node are not parsed for what they would add: nothing. */
function podOnNode(document: Document | undefined): Document | undefined {
  return document?.mayHave('nodeName') ? document : undefined;
}

/** -1 while a resize is under way: then what the pod holds can change without its generation. */
export function generationOf({ metadata, status }: V1Pod): number {
  if (status?.containerStatuses?.some((each) => each.allocatedResources)) return -1;
  return metadata?.generation ?? 0;
}
