import type { TopologyColumn } from './topology-column.ts';

/** The nodes that are counted on, by slot. They tell tallies of nodes that have changed. */
export interface CountedNodes {
  /** Slots in use are below it. */
  readonly size: number;
  readonly capacity: number;
  followTally(tally: DomainTally): void;
  forgetTally(tally: DomainTally): void;
}

/** Counts something on each node, and from that in each domain of the topologies asked for. */
export class NodeCounter {
  private perNode = new Int32Array(64);
  private readonly tallies: DomainTally[] = [];
  private readonly nodes: CountedNodes;
  /** Over all nodes, those without a Node object included. */
  total = 0;

  constructor(nodes: CountedNodes) {
    this.nodes = nodes;
  }

  on(slot: number): number {
    return this.perNode[slot] ?? 0;
  }

  add(slot: number, count: number): void {
    if (slot >= this.perNode.length) {
      const grown = new Int32Array(Math.max(this.nodes.capacity, slot + 1));
      grown.set(this.perNode);
      this.perNode = grown;
    }
    this.perNode[slot]! += count;
    this.total += count;
    for (const tally of this.tallies) tally.add(slot, count);
  }

  /** The shared tally of all nodes by a topology. */
  tally(column: TopologyColumn): DomainTally {
    return this.tallies.find((each) => each.column === column && each.isShared) ?? this.newTally(column, undefined);
  }

  /** A tally of the eligible nodes alone; dispose of it when it is no longer asked. */
  tallyOf(column: TopologyColumn, eligible: (slot: number) => boolean): DomainTally {
    return this.newTally(column, eligible);
  }

  drop(tally: DomainTally): void {
    const at = this.tallies.indexOf(tally);
    if (at >= 0) this.tallies.splice(at, 1);
    this.nodes.forgetTally(tally);
  }

  /** Counts no longer. */
  dispose(): void {
    for (const tally of this.tallies.splice(0)) this.nodes.forgetTally(tally);
  }

  private newTally(column: TopologyColumn, eligible: ((slot: number) => boolean) | undefined): DomainTally {
    const tally = new DomainTally(this, column, eligible);
    this.tallies.push(tally);
    this.nodes.followTally(tally);
    for (let slot = 0; slot < this.nodes.size; slot++) tally.refresh(slot);
    return tally;
  }
}

/** Sums of a counter by the domains of one topology, and how many eligible nodes each domain has. */
export class DomainTally {
  readonly column: TopologyColumn;
  readonly isShared: boolean;
  private counts = new Int32Array(16);
  private population = new Int32Array(16);
  /** Domain that each node is counted in; -1 for none. */
  private assigned = new Int32Array(64).fill(-1);
  private readonly counter: NodeCounter;
  private readonly eligible: ((slot: number) => boolean) | undefined;
  /** Domains with an eligible node. */
  domains = 0;
  /** Sum over all domains. */
  total = 0;
  private leastCount = 0;
  private leastIsStale = true;
  private highestDomain = -1;

  constructor(counter: NodeCounter, column: TopologyColumn, eligible: ((slot: number) => boolean) | undefined) {
    this.counter = counter;
    this.column = column;
    this.eligible = eligible;
    this.isShared = eligible === undefined;
  }

  inDomain(domain: number): number {
    return this.counts[domain] ?? 0;
  }

  add(slot: number, count: number): void {
    const domain = slot < this.assigned.length ? this.assigned[slot]! : -1;
    if (domain < 0) return;
    // The least can only have changed when it was this domain's, or when this one falls below it.
    if (this.counts[domain]! === this.leastCount || count < 0) this.leastIsStale = true;
    this.counts[domain]! += count;
    this.total += count;
  }

  /** The smallest count among domains with an eligible node; 0 when there is none. */
  least(): number {
    if (!this.leastIsStale) return this.leastCount;
    let least = Number.POSITIVE_INFINITY;
    for (let domain = 0; domain <= this.highestDomain; domain++) {
      if (this.population[domain]! > 0 && this.counts[domain]! < least) least = this.counts[domain]!;
    }
    this.leastCount = least === Number.POSITIVE_INFINITY ? 0 : least;
    this.leastIsStale = false;
    return this.leastCount;
  }

  /** Puts a node, whose labels or existence may have changed, in its domain. */
  refresh(slot: number): void {
    const isEligible = this.eligible === undefined || this.eligible(slot);
    const domain = isEligible ? this.column.domainOf(slot) : -1;
    const before = slot < this.assigned.length ? this.assigned[slot]! : -1;
    if (domain === before) return;
    this.reserve(slot, domain);
    this.move(before, slot, -1);
    this.assigned[slot] = domain;
    this.move(domain, slot, 1);
    this.leastIsStale = true;
  }

  private move(domain: number, slot: number, sign: 1 | -1): void {
    if (domain < 0) return;
    const here = this.counter.on(slot) * sign;
    this.counts[domain]! += here;
    this.total += here;
    const before = this.population[domain]!;
    this.population[domain] = before + sign;
    if (before === 0 || before + sign === 0) this.domains += sign;
    this.highestDomain = Math.max(this.highestDomain, domain);
  }

  private reserve(slot: number, domain: number): void {
    if (slot >= this.assigned.length) {
      const grown = new Int32Array(slot * 2).fill(-1);
      grown.set(this.assigned);
      this.assigned = grown;
    }
    if (domain < this.counts.length) return;
    this.counts = grow(this.counts, domain * 2);
    this.population = grow(this.population, domain * 2);
  }
}

function grow(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(array);
  return grown;
}
