import type { V1Node, V1Pod } from '../../api/gen/types.ts';
import type { WaitingPods } from './draft.ts';
import { fullness, loadsOf, type NodeLoad, spreadOf } from './load.ts';
import { controllerOf, hasEnded, isDaemon, isLeaving, isMirror, keyOfPod, uidOf, unplaced } from './pods.ts';
import { pluginsOf } from './policies.ts';
import { type Snapshot, World } from './world.ts';

const nodesAddedMax = 10_000;
const hostnameLabel = 'kubernetes.io/hostname';

/** How the cluster would be changed. */
export interface Change {
  addNodes?: number;
  /** The node that added ones are like; the first that takes pods when absent. */
  like?: string;
  /** Quantities, for added nodes. */
  nodeCpus?: string;
  nodeMemory?: string;
  removeNodes?: readonly string[];
  /** One of `policyNames`; `least` when absent. */
  policy?: string;
}

export interface Side {
  nodes: number;
  /** Nodes with pods of their own, DaemonSets' aside. */
  nodesUsed: number;
  placed: number;
  waiting: number;
  /** Shares of all nodes together. */
  cpu: number;
  memory: number;
  /** Standard deviation of the nodes' fullness, and the fullest node's. */
  spread: number;
  fullest: number;
}

export interface NodeChange {
  node: string;
  before?: NodeLoad;
  after?: NodeLoad;
}

export interface Simulation {
  before: Side;
  after: Side;
  nodes: NodeChange[];
  moves: Array<{ pod: string; from: string; to: string }>;
  waiting: WaitingPods[];
}

/** A change that cannot be tried. */
export class UnknownError extends Error {}

/** Places all pods anew, by priority and age, on a changed cluster, and compares. @throws UnknownError */
export function simulate(snapshot: Snapshot, change: Change): { simulation: Simulation; world: World } {
  const plugins = pluginsOf(change.policy ?? 'least');
  if (plugins === undefined) throw new UnknownError(`there is no policy "${change.policy}"`);
  const nodes = changedNodes(snapshot.nodes, change);
  const before = new World(snapshot);
  const living = snapshot.pods.filter((pod) => !hasEnded(pod) && !isLeaving(pod));
  const pods = replayed(living, nodes);
  const world = new World({ ...snapshot, nodes: nodes.all, pods: [] }, plugins);
  const { outcomes } = world.settle(pods);
  const moves: Simulation['moves'] = [];
  const groups = new Map<string, WaitingPods>();
  const homes = new Map(living.map((pod) => [uidOf(pod), pod.spec?.nodeName ?? '']));
  for (const pod of pods) {
    const outcome = outcomes.get(uidOf(pod));
    const from = homes.get(uidOf(pod)) ?? '';
    if (outcome?.kind === 'waits') {
      const { message, remedy } = outcome;
      const group = groups.get(message) ?? { pods: [], message, ...(remedy === undefined ? {} : { remedy }) };
      group.pods.push(keyOfPod(pod));
      groups.set(message, group);
    } else if (outcome !== undefined && from !== '' && outcome.nodeName !== from) {
      moves.push({ pod: keyOfPod(pod), from, to: outcome.nodeName });
    }
  }
  const waiting = [...groups.values()];
  const lost = waiting.reduce((sum, group) => sum + group.pods.length, 0);
  const simulation = {
    before: sideOf(before, living.filter(({ spec }) => !spec?.nodeName).length),
    after: sideOf(world, lost),
    nodes: compared(loadsOf(before), loadsOf(world)),
    moves: moves.sort((one, other) => (one.pod < other.pod ? -1 : 1)),
    waiting,
  };
  return { simulation, world };
}

interface ChangedNodes {
  all: V1Node[];
  added: V1Node[];
  /** The node that those are like. */
  model: string;
}

function changedNodes(nodes: readonly V1Node[], change: Change): ChangedNodes {
  const removed = new Set(change.removeNodes);
  for (const name of removed) if (!nodes.some(({ metadata }) => metadata?.name === name)) unknownNode(name);
  const count = Math.min(change.addNodes ?? 0, nodesAddedMax);
  const model = count === 0 ? undefined : modelOf(nodes, change);
  const added = Array.from({ length: count }, (_, at) => newNode(model!, `new-${at + 1}`, change));
  return {
    all: [...nodes.filter(({ metadata }) => !removed.has(metadata?.name ?? '')), ...added],
    added,
    model: model?.metadata?.name ?? '',
  };
}

function unknownNode(name: string): never {
  throw new UnknownError(`there is no node "${name}"`);
}

function modelOf(nodes: readonly V1Node[], { like }: Change): V1Node {
  const found = nodes.find(({ metadata, spec }) =>
    like === undefined ? !spec?.unschedulable : metadata?.name === like,
  );
  if (found !== undefined) return found;
  if (like !== undefined) unknownNode(like);
  throw new UnknownError('there is no node that added ones could be like');
}

/** The model, empty and healthy: taints that tell of a node's state are not copied. */
function newNode({ metadata, spec, status }: V1Node, name: string, { nodeCpus, nodeMemory }: Change): V1Node {
  const taints = (spec?.taints ?? []).filter(({ key }) => !key.startsWith('node.kubernetes.io/'));
  const size = { ...(nodeCpus && { cpu: nodeCpus }), ...(nodeMemory && { memory: nodeMemory }) };
  return {
    metadata: { name, labels: { ...metadata?.labels, [hostnameLabel]: name } },
    spec: { ...(taints.length > 0 ? { taints } : {}) },
    status: { allocatable: { ...status?.allocatable, ...size } },
  };
}

/** All pods as if they came anew, the oldest first. What belongs to its node stays there, or goes with it. */
function replayed(living: readonly V1Pod[], { all, added, model }: ChangedNodes): V1Pod[] {
  const names = new Set(all.map(({ metadata }) => metadata?.name ?? ''));
  // Pods of one age come workload by workload, as their controllers make them: equal pods in a row cost least.
  const age = ({ metadata }: V1Pod) => metadata?.creationTimestamp ?? '';
  const rank = (pod: V1Pod) => `${age(pod)} ${controllerOf(pod)?.uid ?? '~'}`;
  const ranked = living.map((pod) => ({ pod, key: rank(pod) }));
  ranked.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  const inOrder = ranked.map(({ pod }) => pod);
  const daemons = new Map<string, V1Pod>();
  const pods: V1Pod[] = [];
  for (const pod of inOrder) {
    const isOfNode = isDaemon(pod) || isMirror(pod);
    if (isDaemon(pod) && pod.spec?.nodeName === model) daemons.set(controllerOf(pod)!.uid, pod);
    if (!isOfNode) pods.push(unplaced(pod, uidOf(pod)));
    else if (names.has(pod.spec?.nodeName ?? '')) pods.unshift(pod);
  }
  const copies = added.flatMap(({ metadata }) =>
    [...daemons.values()].map((pod) => daemonOn(pod, metadata?.name ?? '')),
  );
  return [...copies, ...pods];
}

/** The pod of the same DaemonSet for an added node, which is as right for it as the model is. */
function daemonOn(pod: V1Pod, nodeName: string): V1Pod {
  const name = `${controllerOf(pod)?.name}/${nodeName}`;
  const copy = unplaced(pod, `${uidOf(pod)}/${nodeName}`, name);
  return { ...copy, spec: { ...copy.spec!, nodeName } };
}

function sideOf(world: World, waiting: number): Side {
  const { table } = world.cluster;
  const loads = loadsOf(world);
  let placed = 0;
  let nodesUsed = 0;
  for (let slot = 0; slot < table.size; slot++) {
    if (!table.exists(slot)) continue;
    const own = [...table.podsOn[slot]!].filter(({ info }) => !isDaemon(info.pod) && !isMirror(info.pod));
    placed += table.podsOn[slot]!.size;
    if (own.length > 0) nodesUsed++;
  }
  const total = (column: number) => {
    let [used, size] = [0, 0];
    for (let slot = 0; slot < table.size; slot++) {
      if (!table.exists(slot)) continue;
      used += table.requested[column]![slot]!;
      size += table.allocatable[column]![slot]!;
    }
    return size === 0 ? 0 : used / size;
  };
  return {
    nodes: table.count,
    nodesUsed,
    placed,
    waiting,
    cpu: total(table.column('cpu')),
    memory: total(table.column('memory')),
    spread: spreadOf(loads),
    fullest: Math.max(0, ...loads.map(fullness)),
  };
}

function compared(before: readonly NodeLoad[], after: readonly NodeLoad[]): NodeChange[] {
  const changes = new Map<string, NodeChange>(before.map((load) => [load.node, { node: load.node, before: load }]));
  for (const load of after) changes.set(load.node, { ...changes.get(load.node), node: load.node, after: load });
  return [...changes.values()];
}
