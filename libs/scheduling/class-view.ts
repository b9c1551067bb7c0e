import { allRefusals, firstRefusal, type NodeRefusal, objectionOf } from './afresh.ts';
import type { Cluster } from './cluster.ts';
import { Epochs } from './epochs.ts';
import { filters, type Judging, judgingOf, scores } from './judging.ts';
import type { LabelClass } from './label-classes.ts';
import type { Refusal, WeightedPlugin } from './plugin.ts';
import type { PodShape } from './pod-info.ts';
import { RefusalBook } from './refusal-book.ts';
import type { TopologyColumn } from './topology-column.ts';
import { excluded, Tournament } from './tournament.ts';

/** The plugin whose refusals are plain arithmetic. */
const fitName = 'NodeResourcesFit';
/** Scores are kept as whole thousandths, so that sums are exact. */
const scoreUnit = 1000;

/** Nodes that lie in the same domains of all topologies that regional judgements ask about. */
interface Region {
  readonly candidates: Tournament;
  /** How many of its nodes pass the fixed and local judgements. */
  fitting: number;
}

/** Why nodes are refused for where they lie, and the plugin that says so. */
export interface RegionRefusal {
  readonly name: string;
  readonly refusal: Refusal;
}

/** Numbers that `refusedRegions` writes for each region. */
export const numbersPerRegion = 3;

export interface Choice {
  slot: number;
  /** In thousandths of a point. */
  score: number;
}

/**
 * How all nodes look to one class of equal pods. Each node's fixed and local judgement is kept in a tournament, and only
 * what has changed since the last look is judged again: one pod of a class after another costs the logarithm of the
 * number of nodes.
 */
export class ClassView {
  /** Plugins that judge such pods. */
  readonly judging: readonly Judging[];
  private readonly scoring: readonly Judging[];
  /** Names of those plugins that score. */
  readonly scorers: readonly string[];
  private readonly cluster: Cluster;
  private readonly topologies: readonly TopologyColumn[];
  private readonly regions: Region[] = [];
  private readonly regionIds = new Map<string, number>();
  /** By slot: region, place in its tournament, fixed judgement with the version it is of, and the whole judgement. */
  private regionOf = new Int32Array(0);
  private placeOf = new Int32Array(0);
  private fixedVersion = new Uint32Array(0);
  private fixedOutcome = new Int32Array(0);
  private outcomes = new Int32Array(0);
  /** By slot and scorer: points that the last judgement gave, weights included, but for those of regional scores. */
  private points = new Float32Array(0);
  /** By judging: its place among the scorers, or -1. */
  private readonly scorerOf: readonly number[];
  /** An outcome of -1 - n is its refusal n. */
  readonly refused = new RefusalBook();
  private seen = -1;
  private readonly epochs: Epochs;
  private readonly topologyVersion: number;
  /** The best node of the other regions at the last choice. */
  private besideChosen: Choice | undefined;
  /** Every reason why a region has ever been refused; few, and none is ever taken out. */
  readonly regionRefusals: RegionRefusal[] = [];
  /** What the last choice found refused: a node of each such region, and why, as a place among the reasons. */
  private refusedRegionCount = 0;
  private readonly refusedRegionSlots: number[] = [];
  private readonly refusedRegionReasons: number[] = [];

  constructor(shape: PodShape, labels: LabelClass, cluster: Cluster, plugins: readonly WeightedPlugin[]) {
    this.cluster = cluster;
    this.judging = plugins.flatMap((weighted) => {
      const judgement = weighted.plugin.judge(shape, labels, cluster);
      return judgement === undefined ? [] : [judgingOf(judgement, weighted)];
    });
    this.epochs = new Epochs(this.judging);
    this.scoring = this.judging.filter(scores);
    this.scorers = this.scoring.map(({ name }) => name);
    this.scorerOf = this.judging.map((each) => this.scoring.indexOf(each));
    this.topologies = [...new Set(this.judging.flatMap(({ regional }) => regional?.topologies ?? []))];
    this.topologyVersion = cluster.table.topologyVersion;
  }

  /** Whether topologies have turned out to be of another sort than when the view was made. */
  get isOutdated(): boolean {
    return this.cluster.table.topologyVersion !== this.topologyVersion;
  }

  dispose(): void {
    for (const { dispose } of this.judging) dispose?.();
  }

  /** The best node for a pod of the class, ties broken by the seed; undefined when none fits. */
  choose(seed: number): Choice | undefined {
    this.refresh();
    if (this.topologies.length === 0) {
      const candidates = this.regions[0]?.candidates;
      if (candidates === undefined || candidates.best === excluded) return undefined;
      return { slot: candidates.pick(seed), score: candidates.best };
    }
    this.beginRegional();
    this.refusedRegionCount = 0;
    let best: Choice | undefined;
    let beside: Choice | undefined;
    for (let at = 0; at < this.regions.length; at++) {
      // Starts at a place that the seed names, so that equal regions are chosen evenly.
      const { candidates } = this.regions[(at + seed) % this.regions.length]!;
      if (candidates.best === excluded) continue;
      const slot = candidates.pick(seed);
      const reason = this.regionalRefusal(slot);
      if (reason >= 0) {
        this.refusedRegionSlots[this.refusedRegionCount] = slot;
        this.refusedRegionReasons[this.refusedRegionCount++] = reason;
        continue;
      }
      const score = candidates.best + this.regionalScore(slot);
      if (best === undefined || score > best.score) {
        beside = best;
        best = { slot, score };
      } else if (beside === undefined || score > beside.score) beside = { slot, score };
    }
    this.besideChosen = beside;
    return best;
  }

  /** Whether free resources are all that can keep such pods off an otherwise suitable node. */
  get restsOnResourcesAlone(): boolean {
    return this.judging.every(({ name, local, regional }) => name === fitName || !(local?.filter || regional?.filter));
  }

  /** Whether taking pods off a node could make it fit: nothing that rests on the node alone speaks against it. */
  isResolvable(slot: number): boolean {
    if (this.regionOf[slot]! < 0 || this.fixedOutcome[slot]! < 0) return false;
    const outcome = this.outcomes[slot]!;
    return outcome >= 0 ? !this.isRegionFinal(slot) : this.refused.isResolvable(-1 - outcome);
  }

  /** How many nodes would refuse such pods even if no others were there. Call it after `choose`. */
  get finalCount(): number {
    // Somebody may have asked afresh while pods were off their nodes in thought.
    this.beginRegional();
    let count = this.refused.finalCount;
    for (const { candidates, fitting } of this.regions) {
      if (fitting > 0 && this.isRegionFinal(candidates.pick(0))) count += fitting;
    }
    return count;
  }

  /** Whether the node's region is refused for what no removal of pods would change. */
  private isRegionFinal(slot: number): boolean {
    for (const { regional, isResolvable, isFinal } of this.judging) {
      const refusal = regional?.filter?.(slot);
      if (refusal !== undefined) return !isResolvable || isFinal?.(slot, refusal) === true;
    }
    return false;
  }

  /** Why no node at all will do; undefined when nodes differ. */
  get objection(): Refusal | undefined {
    return objectionOf(this.judging);
  }

  /** How many nodes each refusal keeps out. */
  refusalCounts(): Map<Refusal, number> {
    this.refresh();
    this.beginRegional();
    const counts = this.refused.counts();
    for (const { candidates, fitting } of this.regions) {
      if (fitting === 0) continue;
      const reason = this.regionalRefusal(candidates.pick(0));
      if (reason < 0) continue;
      const { refusal } = this.regionRefusals[reason]!;
      counts.set(refusal, (counts.get(refusal) ?? 0) + fitting);
    }
    return counts;
  }

  /**
   * Who refuses which nodes, each by itself: `numbersPerRefusal` numbers for each of up to `max` refusals, from `offset`
   * on. Answers how many were written. Call it after `choose`, before anything changes.
   */
  refusedNodes(numbers: Int32Array, offset: number, max: number): number {
    return this.refused.write(numbers, offset, { max, outcomes: this.outcomes });
  }

  /**
   * Regions that the last choice found refused as a whole: a slot, the number of nodes and the reason of each, three
   * numbers after three numbers from `offset` on. Answers how many regions were written.
   */
  refusedRegions(numbers: Int32Array, offset: number, max: number): number {
    const count = Math.min(max, this.refusedRegionCount);
    for (let at = 0; at < count; at++) {
      const slot = this.refusedRegionSlots[at]!;
      const place = offset + at * numbersPerRegion;
      numbers[place] = slot;
      numbers[place + 1] = this.regions[this.regionOf[slot]!]!.fitting;
      numbers[place + 2] = this.refusedRegionReasons[at]!;
    }
    return count;
  }

  /** The best node beside the one just chosen. Call it after `choose`, before anything changes. */
  runnerUp(slot: number): Choice | undefined {
    const region = this.regionOf[slot]!;
    const { candidates } = this.regions[region]!;
    const second = candidates.second(this.placeOf[slot]!);
    const beside = this.besideChosen;
    if (second === undefined) return beside;
    const score =
      candidates.scoreAt(second) + (this.topologies.length > 0 ? this.regionalScore(candidates.memberAt(second)) : 0);
    if (beside !== undefined && beside.score > score) return beside;
    return { slot: candidates.memberAt(second), score };
  }

  /** Writes the points of a node, weights included, in the order of `scorers`. */
  pointsOf(slot: number, into: Float32Array, offset: number): void {
    const { length } = this.scoring;
    for (let at = 0; at < length; at++) into[offset + at] = this.points[slot * length + at]!;
    if (this.topologies.length === 0) return;
    for (let at = 0; at < length; at++) {
      const { weight, regional } = this.scoring[at]!;
      if (regional?.score) into[offset + at]! += regional.score(slot) * weight;
    }
  }

  /** Changes that may let a refused pod fit: those that the plugins with a filter wait for. */
  get wakesOn(): number {
    let changes = 0;
    for (const judging of this.judging) if (filters(judging)) changes |= judging.wakesOn;
    return changes;
  }

  /** Every plugin that refuses a node, with its words and whether fewer pods there could change its mind. */
  refusalsOf(slot: number): NodeRefusal[] {
    return allRefusals(this.judging, slot);
  }

  /** Points of each plugin for a node, weights included. */
  scoresOf(slot: number): Map<string, number> {
    this.refresh();
    this.beginRegional();
    const scores = new Map<string, number>();
    for (const { name, weight, fixed, local, regional } of this.judging) {
      const points = (fixed?.score?.(slot) ?? 0) + (local?.score?.(slot) ?? 0) + (regional?.score?.(slot) ?? 0);
      if (fixed?.score || local?.score || regional?.score) scores.set(name, points * weight);
    }
    return scores;
  }

  /** Whether the node passes every filter as things stand now, asked afresh. */
  fits(slot: number): boolean {
    return this.refusalAfresh(slot) === undefined;
  }

  /** The first refusal of a node as things stand now, plugin by plugin. */
  refusalAfresh(slot: number): Refusal | undefined {
    return firstRefusal(this.judging, slot);
  }

  /** Judges again what has changed. */
  refresh(): void {
    const { table } = this.cluster;
    this.reserve(table.size);
    const isWhole = this.epochs.begin() || this.seen < 0;
    if (isWhole || !table.changesSince(this.seen, (slot) => this.judge(slot))) {
      for (let slot = 0; slot < table.size; slot++) this.judge(slot);
    }
    this.seen = table.sequence;
  }

  private judge(slot: number): void {
    const { table } = this.cluster;
    const isNew = this.fixedVersion[slot] !== table.staticVersion[slot]! + 1;
    if (isNew) {
      this.fixedVersion[slot] = table.staticVersion[slot]! + 1;
      this.enter(slot);
      this.fixedOutcome[slot] = table.exists(slot) ? this.outcomeOf(slot, 'fixed') : excluded;
    }
    if (this.regionOf[slot]! < 0) return;
    let outcome = this.fixedOutcome[slot]!;
    if (outcome >= 0) {
      const local = this.outcomeOf(slot, 'local');
      outcome = local < 0 ? local : outcome + local;
    }
    this.settle(slot, outcome);
  }

  private outcomeOf(slot: number, place: 'fixed' | 'local'): number {
    const { judging, points, scorerOf } = this;
    const row = slot * this.scoring.length;
    let score = 0;
    for (let at = 0; at < judging.length; at++) {
      const judgement = judging[at]!;
      const judge = judgement[place];
      if (judge === undefined) continue;
      const refusal = judge.filter?.(slot);
      if (refusal !== undefined) {
        const isResolvable = judgement.isResolvable && judgement.isFinal?.(slot, refusal) !== true;
        return -1 - this.refused.idOf(refusal, judgement.name, isResolvable);
      }
      if (judge.score === undefined) continue;
      const given = judge.score(slot) * judgement.weight;
      points[row + scorerOf[at]!] = given;
      score += given;
    }
    return Math.round(score * scoreUnit);
  }

  /** Records a node's outcome in the histogram and in its region's tournament. */
  private settle(slot: number, outcome: number): void {
    const before = this.outcomes[slot]!;
    if (before === outcome) return;
    const region = this.regions[this.regionOf[slot]!]!;
    if (before >= 0) region.fitting--;
    else if (before !== unjudged) this.refused.remove(-1 - before);
    if (outcome >= 0) region.fitting++;
    else if (outcome !== unjudged) this.refused.add(-1 - outcome, slot);
    this.outcomes[slot] = outcome;
    region.candidates.set(this.placeOf[slot]!, outcome >= 0 ? outcome : excluded);
  }

  /** Puts a node, new or changed, in its region; one that is gone in none. */
  private enter(slot: number): void {
    const region = this.cluster.table.exists(slot) ? this.regionFor(slot) : -1;
    const before = this.regionOf[slot]!;
    if (region === before) return;
    if (before >= 0) this.settle(slot, unjudged);
    this.regionOf[slot] = region;
    if (region >= 0) this.placeOf[slot] = this.regions[region]!.candidates.enter(slot);
  }

  private regionFor(slot: number): number {
    let key = '';
    for (const topology of this.topologies) key += `${topology.domainOf(slot)},`;
    let id = this.regionIds.get(key);
    if (id === undefined) {
      id = this.regions.length;
      this.regions.push({ candidates: new Tournament(), fitting: 0 });
      this.regionIds.set(key, id);
    }
    return id;
  }

  private beginRegional(): void {
    for (const { regional } of this.judging) regional?.begin?.();
  }

  /** Why the node's region is refused, as a place among the reasons; -1 when it is not. */
  private regionalRefusal(slot: number): number {
    for (const { name, regional } of this.judging) {
      const refusal = regional?.filter?.(slot);
      if (refusal === undefined) continue;
      const { regionRefusals } = this;
      for (let at = 0; at < regionRefusals.length; at++) if (regionRefusals[at]!.refusal === refusal) return at;
      return regionRefusals.push({ name, refusal }) - 1;
    }
    return -1;
  }

  private regionalScore(slot: number): number {
    let score = 0;
    for (const { regional, weight } of this.judging) if (regional?.score) score += regional.score(slot) * weight;
    return Math.round(score * scoreUnit);
  }

  private reserve(size: number): void {
    if (size <= this.outcomes.length) return;
    const length = Math.max(64, this.cluster.table.capacity);
    const longer = (from: Int32Array, fill: number) => {
      const grown = new Int32Array(length).fill(fill);
      grown.set(from);
      return grown;
    };
    this.regionOf = longer(this.regionOf, -1);
    this.placeOf = longer(this.placeOf, -1);
    this.fixedOutcome = longer(this.fixedOutcome, 0);
    this.outcomes = longer(this.outcomes, unjudged);
    const points = new Float32Array(length * this.scoring.length);
    points.set(this.points);
    this.points = points;
    const versions = new Uint32Array(length);
    versions.set(this.fixedVersion);
    this.fixedVersion = versions;
  }
}

/** Outcome of a node before its first judgement. */
const unjudged = -(2 ** 31);
