import { type ClassView, numbersPerRegion, type RegionRefusal } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import type { RefusedNodes } from './decision-record.ts';
import { type Lack, lackText } from './lacks.ts';
import { resourcesFit } from './plugins/resources-fit.ts';
import type { Requests } from './pod-info.ts';
import { examplesMax, numbersPerRefusal, type RefusalBook } from './refusal-book.ts';

/** Reasons that are remembered of a decision, those that keep most nodes out. */
const refusalsMax = 8;
/** Refused regions, such as zones, that are remembered of a decision. */
const regionsMax = 16;
/** Amounts that are remembered of a decision: what each requested resource lacked on each example. */
const shortsMax = 32;
/** The plugin whose refusals come with numbers. */
const fitName = resourcesFit.name;

/** What tells the words of a record's numbers; the same for all decisions of one view. */
export interface RefusalWords {
  readonly refused: RefusalBook;
  readonly regionRefusals: readonly RegionRefusal[];
  readonly requests: Requests;
}

/**
 * Who refused which nodes at each of the decisions that are remembered: numbers in columns, written over in turn, since a
 * decision that makes another node unfit has different ones each time. They become words when somebody asks.
 */
export class KeptRefusals {
  private readonly counts: Uint8Array;
  private readonly numbers: Int32Array;
  private readonly shorts: Float64Array;
  private readonly regionCounts: Uint8Array;
  private readonly regionNumbers: Int32Array;
  /** When it was, in changes of the table: slots may have been given to other nodes since. */
  private readonly sequences: Float64Array;
  private readonly cluster: Cluster;

  constructor(cluster: Cluster, recordsMax: number) {
    this.cluster = cluster;
    this.counts = new Uint8Array(recordsMax);
    this.numbers = new Int32Array(recordsMax * refusalsMax * numbersPerRefusal);
    this.shorts = new Float64Array(recordsMax * shortsMax);
    this.regionCounts = new Uint8Array(recordsMax);
    this.regionNumbers = new Int32Array(recordsMax * regionsMax * numbersPerRegion);
    this.sequences = new Float64Array(recordsMax);
  }

  /** Puts down what the view refused at its last choice. */
  keep(place: number, view: ClassView, requests: Requests): void {
    this.sequences[place] = this.cluster.table.sequence;
    const regionsAt = place * regionsMax * numbersPerRegion;
    this.regionCounts[place] = view.refusedRegions(this.regionNumbers, regionsAt, regionsMax);
    const count = view.refusedNodes(this.numbers, place * refusalsMax * numbersPerRefusal, refusalsMax);
    this.counts[place] = count;
    if (count > 0) this.keepShorts(place, view.refused, requests);
  }

  /** What was put down, the reason that keeps most nodes out first. */
  of(place: number, words: RefusalWords): RefusedNodes[] {
    const groups = [...this.byReason(place, words), ...this.byRegion(place, words)];
    return groups.sort((one, other) => other.count - one.count);
  }

  private keepShorts(place: number, refused: RefusalBook, { columns, amounts }: Requests): void {
    const { allocatable, requested } = this.cluster.table;
    let at = place * shortsMax;
    const end = at + shortsMax;
    for (let group = 0; group < this.counts[place]!; group++) {
      const numbersAt = (place * refusalsMax + group) * numbersPerRefusal;
      if (refused.at(this.numbers[numbersAt]!).name !== fitName) continue;
      for (let example = 0; example < examplesMax; example++) {
        const slot = this.numbers[numbersAt + 2 + example]!;
        if (slot < 0) break;
        if (at + columns.length > end) return;
        for (let each = 0; each < columns.length; each++) {
          const column = columns[each]!;
          this.shorts[at++] = amounts[each]! - (allocatable[column]![slot]! - requested[column]![slot]!);
        }
      }
    }
  }

  private byReason(place: number, { refused, requests }: RefusalWords): RefusedNodes[] {
    const groups: RefusedNodes[] = [];
    const shorts = { at: place * shortsMax, end: (place + 1) * shortsMax };
    for (let group = 0; group < this.counts[place]!; group++) {
      const numbersAt = (place * refusalsMax + group) * numbersPerRefusal;
      const { name, refusal, isResolvable } = refused.at(this.numbers[numbersAt]!);
      const count = this.numbers[numbersAt + 1]!;
      const examples: string[] = [];
      for (let example = 0; example < examplesMax; example++) {
        const slot = this.numbers[numbersAt + 2 + example]!;
        if (slot < 0) break;
        const lacks = name === fitName ? this.lacksAt(shorts, requests) : [];
        const node = this.nameThen(place, slot);
        if (node !== undefined) examples.push(lackText(node, lacks));
      }
      addGroup(groups, { plugin: name, reason: refusal.replaceAll('\n', ', '), isResolvable, count, examples });
    }
    return groups;
  }

  /** What one example lacked; reads on from there with each call, as it was put down. */
  private lacksAt(shorts: { at: number; end: number }, { columns, amounts }: Requests): Lack[] {
    const lacks: Lack[] = [];
    if (shorts.at + columns.length > shorts.end) {
      shorts.end = shorts.at;
      return lacks;
    }
    for (let each = 0; each < columns.length; each++) {
      const short = this.shorts[shorts.at++]!;
      const resource = this.cluster.table.resourceOf(columns[each]!);
      if (short > 0) lacks.push({ resource, short, wanted: amounts[each]! });
    }
    return lacks;
  }

  /** Nodes that were refused for where they lie; those with one reason together. */
  private byRegion(place: number, { regionRefusals }: RefusalWords): RefusedNodes[] {
    const groups: RefusedNodes[] = [];
    for (let region = 0; region < this.regionCounts[place]!; region++) {
      const at = (place * regionsMax + region) * numbersPerRegion;
      const node = this.nameThen(place, this.regionNumbers[at]!);
      const count = this.regionNumbers[at + 1]!;
      const { name, refusal } = regionRefusals[this.regionNumbers[at + 2]!]!;
      const examples = node === undefined ? [] : [node];
      addGroup(groups, { plugin: name, reason: refusal, isResolvable: true, count, examples });
    }
    return groups;
  }

  private nameThen(place: number, slot: number): string | undefined {
    return this.cluster.table.nameAt(slot, this.sequences[place]!);
  }
}

/** Nodes that are refused in the same words go together, some for now and some whatever happens to their pods. */
function addGroup(groups: RefusedNodes[], group: RefusedNodes): void {
  const like = groups.find(({ reason }) => reason === group.reason);
  if (like === undefined) {
    groups.push(group);
    return;
  }
  like.isResolvable ||= group.isResolvable;
  like.count += group.count;
  like.examples = [...like.examples, ...group.examples].slice(0, examplesMax);
}
