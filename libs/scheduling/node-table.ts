import type { V1Node, V1Taint } from '../api/gen/types.ts';
import { amountsOf } from '../api/kinds/pod/requests.ts';
import type { DomainTally } from './node-counter.ts';
import type { PlacedPod } from './pod-info.ts';
import { TopologyColumn } from './topology-column.ts';

/** Columns that every table has, before those of extended resources. */
export const cpuColumn = 0;
export const memoryColumn = 1;
export const podsColumn = 3;
const firstColumns = ['cpu', 'memory', 'ephemeral-storage', 'pods'];

/** Changes remembered for those who follow the table; who is further behind looks at every node again. */
const changesMax = 2 ** 16;

/**
 * All nodes as columns of numbers, each node at a slot that it keeps. Filled from events; who computes something from
 * it follows `sequence` and `changesSince` and looks only at what has changed.
 */
export class NodeTable {
  /** Slots in use are below it. */
  size = 0;
  capacity = 64;
  /** Nodes that exist. */
  count = 0;
  /** Grows with each change of a node or of what runs on it. */
  sequence = 0;
  /** Grows when a topology turns out to name single nodes, or no longer to. */
  topologyVersion = 0;
  readonly names: string[] = [];
  /** By slot: the sequence number since which the node that is there has had it. */
  private readonly namedAt: number[] = [];
  readonly nodes: Array<V1Node | undefined> = [];
  readonly podsOn: Array<Set<PlacedPod>> = [];
  /** Grows when the Node object itself changes. */
  staticVersion = new Uint32Array(this.capacity);
  /** By column, then by slot. */
  readonly allocatable: Float64Array[] = [];
  readonly requested: Float64Array[] = [];
  /** What scoring takes pods without requests to need: 100 millicores and 200 MiB each. */
  scoredCpu = new Float64Array(this.capacity);
  scoredMemory = new Float64Array(this.capacity);
  private readonly slots = new Map<string, number>();
  private readonly free: number[] = [];
  private readonly columns = new Map<string, number>();
  private readonly topologies = new Map<string, TopologyColumn>();
  private readonly tallies = new Set<DomainTally>();
  private readonly changed = new Int32Array(changesMax);
  /** Grows when another share of the nodes may have some image. */
  imageVersion = 0;
  /** By name: how many nodes have the image. */
  private readonly images = new Map<string, number>();

  constructor() {
    for (const name of firstColumns) this.column(name);
  }

  /** The column of a resource, made when it is new. */
  column(resource: string): number {
    const known = this.columns.get(resource);
    if (known !== undefined) return known;
    const column = this.columns.size;
    this.columns.set(resource, column);
    this.allocatable.push(new Float64Array(this.capacity));
    this.requested.push(new Float64Array(this.capacity));
    for (let slot = 0; slot < this.size; slot++) this.readAllocatable(slot);
    return column;
  }

  resourceOf(column: number): string {
    return [...this.columns.keys()][column] ?? '';
  }

  get resources(): IterableIterator<[string, number]> {
    return this.columns.entries();
  }

  topology(key: string): TopologyColumn {
    let column = this.topologies.get(key);
    if (column === undefined) {
      column = new TopologyColumn(key);
      this.topologies.set(key, column);
      for (let slot = 0; slot < this.size; slot++) this.setDomain(column, slot);
    }
    return column;
  }

  slotOf(name: string): number | undefined {
    return this.slots.get(name);
  }

  /** The name of the node that had the slot at a sequence number; undefined when another one has it by now. */
  nameAt(slot: number, sequence: number): string | undefined {
    return this.namedAt[slot]! <= sequence ? this.names[slot] : undefined;
  }

  exists(slot: number): boolean {
    return this.nodes[slot] !== undefined;
  }

  /** The slot of a node that may not exist (yet): pods can be bound to it all the same. */
  slotFor(name: string): number {
    const known = this.slots.get(name);
    if (known !== undefined) return known;
    const slot = this.free.pop() ?? this.size++;
    if (slot >= this.capacity) this.grow();
    this.slots.set(name, slot);
    this.names[slot] = name;
    this.namedAt[slot] = this.sequence;
    this.nodes[slot] = undefined;
    this.podsOn[slot] = new Set();
    return slot;
  }

  /** Adds, updates or, with undefined, removes the Node object at a name. */
  setNode(name: string, node: V1Node | undefined): number {
    const slot = this.slotFor(name);
    const before = this.nodes[slot];
    this.count += (node === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    this.imageVersion++;
    this.countImages(before, -1);
    this.countImages(node, 1);
    this.nodes[slot] = node;
    this.staticVersion[slot]!++;
    this.readAllocatable(slot);
    for (const topology of this.topologies.values()) this.setDomain(topology, slot);
    for (const tally of this.tallies) tally.refresh(slot);
    this.touch(slot);
    this.freeIfUnused(slot);
    return slot;
  }

  nodesWithImage(name: string): number {
    return this.images.get(name) ?? 0;
  }

  private countImages(node: V1Node | undefined, sign: 1 | -1): void {
    for (const { names } of node?.status?.images ?? []) {
      for (const name of names ?? []) {
        const count = this.nodesWithImage(name) + sign;
        if (count > 0) this.images.set(name, count);
        else this.images.delete(name);
      }
    }
  }

  addPod(placed: PlacedPod): void {
    const { slot } = placed;
    this.podsOn[slot]!.add(placed);
    this.account(placed, 1);
  }

  removePod(placed: PlacedPod): void {
    const { slot } = placed;
    this.podsOn[slot]!.delete(placed);
    this.account(placed, -1);
    this.freeIfUnused(slot);
  }

  labels(slot: number): Readonly<Record<string, string>> {
    return this.nodes[slot]?.metadata?.labels ?? {};
  }

  taints(slot: number): readonly V1Taint[] {
    return this.nodes[slot]?.spec?.taints ?? [];
  }

  /** Says that something about the node has changed. */
  touch(slot: number): void {
    this.changed[this.sequence++ % changesMax] = slot;
  }

  /** Slots changed after a sequence number, of repetitions in a row the last; false when they are too many to tell. */
  changesSince(sequence: number, visit: (slot: number) => void): boolean {
    if (this.sequence - sequence > Math.min(changesMax, this.size * 2 + 16)) return false;
    for (let at = sequence; at < this.sequence; at++) {
      const slot = this.changed[at % changesMax]!;
      if (at + 1 === this.sequence || this.changed[(at + 1) % changesMax] !== slot) visit(slot);
    }
    return true;
  }

  followTally(tally: DomainTally): void {
    this.tallies.add(tally);
  }

  forgetTally(tally: DomainTally): void {
    this.tallies.delete(tally);
  }

  private setDomain(topology: TopologyColumn, slot: number): void {
    const { isPerNode } = topology;
    topology.set(slot, this.nodes[slot]?.metadata?.labels?.[topology.key]);
    if (topology.isPerNode !== isPerNode) this.topologyVersion++;
  }

  private account(placed: PlacedPod, sign: 1 | -1): void {
    const { slot, requests } = placed;
    for (let at = 0; at < requests.columns.length; at++) {
      this.requested[requests.columns[at]!]![slot]! += requests.amounts[at]! * sign;
    }
    this.requested[podsColumn]![slot]! += sign;
    this.scoredCpu[slot]! += requests.scoredCpu * sign;
    this.scoredMemory[slot]! += requests.scoredMemory * sign;
    this.touch(slot);
  }

  private readAllocatable(slot: number): void {
    const amounts = amountsOf(this.nodes[slot]?.status?.allocatable);
    for (const name of amounts.keys()) if (!this.columns.has(name)) this.column(name);
    for (const [name, column] of this.columns) this.allocatable[column]![slot] = amounts.get(name) ?? 0;
  }

  private freeIfUnused(slot: number): void {
    if (this.nodes[slot] !== undefined || this.podsOn[slot]!.size > 0) return;
    this.slots.delete(this.names[slot]!);
    this.free.push(slot);
  }

  private grow(): void {
    this.capacity *= 2;
    const longer = (from: Float64Array) => {
      const grown = new Float64Array(this.capacity);
      grown.set(from);
      return grown;
    };
    for (let column = 0; column < this.allocatable.length; column++) {
      this.allocatable[column] = longer(this.allocatable[column]!);
      this.requested[column] = longer(this.requested[column]!);
    }
    this.scoredCpu = longer(this.scoredCpu);
    this.scoredMemory = longer(this.scoredMemory);
    const versions = new Uint32Array(this.capacity);
    versions.set(this.staticVersion);
    this.staticVersion = versions;
  }
}
