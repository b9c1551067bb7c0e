import { rfc3339Micro } from '../base/clock.ts';
import { type ClassView, numbersPerRegion, type RegionRefusal } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import type { DecisionOutcome, DecisionRecord, RefusedNodes } from './decision-record.ts';
import { type Lack, lacksOn, lackText } from './lacks.ts';
import { resourcesFit } from './plugins/resources-fit.ts';
import type { PodInfo } from './pod-info.ts';
import { examplesMax, type RefusedGroup } from './refusal-book.ts';
import type { Decision } from './scheduler-core.ts';

/** Decisions that are remembered, one for a pod; each takes some hundred bytes. */
export const decisionRecordsMax = 16_384;
/** Scoring plugins whose points are remembered. */
const scorersMax = 16;
/** Refused regions, such as zones, that are remembered of a decision. */
const regionsMax = 16;
/** The plugin whose refusals come with numbers. */
const fitName = resourcesFit.name;

interface KeptGroup extends Omit<RefusedGroup, 'slots'> {
  examples: ReadonlyArray<{ name: string; lacks: readonly Lack[] }>;
}

const noLacks: readonly Lack[] = [];

/** What decisions of a view have in common as long as the same nodes are refused; made once for all of them. */
interface Common {
  readonly version: number;
  readonly schedulerName: string;
  readonly scorers: readonly string[];
  readonly groups: readonly KeptGroup[];
  readonly regionRefusals: readonly RegionRefusal[];
}

/** How a decision went on, for those of which there is something to tell. */
export interface Sequel {
  outcome: DecisionOutcome;
  message?: string;
  victims?: readonly string[];
}

/** Says which record is meant, as long as it is not written over. */
export type RecordTicket = number;

/** The whole of it is known to whoever asks, so that only the uid is kept. */
interface PodIdentity {
  uid?: string;
  namespace?: string;
  name?: string;
}

/** What is known of an attempt apart from the decision itself. */
export interface Attempt {
  info: PodInfo;
  /** Wall time. */
  atMs: number;
  durationMs: number;
  attempts: number;
}

/** Columns of a record's numbers. */
const numbers = { atMs: 0, durationMs: 1, attempts: 2, nodes: 3, score: 4, runnerUpScore: 5 };
const numbersPerRecord = 6;

/**
 * The last decision about each of the pods that were decided about lately. Records stand in columns that are written
 * over in turn, so that keeping one makes next to nothing new in memory; words are made when somebody asks.
 */
export class DecisionRecords {
  private next = 0;
  private readonly uids: string[] = [];
  private readonly nodeNames: Array<string | undefined> = [];
  private readonly runnersUp: Array<string | undefined> = [];
  private readonly commons: Common[] = [];
  private readonly sequels: Array<Sequel | undefined> = [];
  private readonly regionCounts: Uint8Array;
  private readonly regionNumbers: Int32Array;
  private readonly figures: Float64Array;
  private readonly points: Float32Array;
  private readonly commonOf = new WeakMap<ClassView, Common>();
  /** That of the last decision: pods of one class often come one after another. */
  private lastView: ClassView | undefined;
  private lastCommon: Common | undefined;
  private readonly cluster: Cluster;
  private readonly recordsMax: number;

  constructor(cluster: Cluster, recordsMax = decisionRecordsMax) {
    this.cluster = cluster;
    this.recordsMax = recordsMax;
    this.regionCounts = new Uint8Array(recordsMax);
    this.regionNumbers = new Int32Array(recordsMax * regionsMax * numbersPerRegion);
    this.figures = new Float64Array(recordsMax * numbersPerRecord);
    this.points = new Float32Array(recordsMax * scorersMax);
  }

  /**
   * Puts a decision down, over the oldest one, and answers with its ticket. Call it before acting on the decision: the
   * numbers are those that it rests on.
   */
  keep({ info, atMs, durationMs, attempts }: Attempt, decision: Decision, view: ClassView): RecordTicket {
    const { table } = this.cluster;
    const ticket = this.next++;
    const place = ticket % this.recordsMax;
    this.uids[place] = info.uid;
    this.commons[place] = this.commonFor(view, info);
    const regionsAt = place * regionsMax * numbersPerRegion;
    this.regionCounts[place] = view.refusedRegions(this.regionNumbers, regionsAt, regionsMax);
    const figures = place * numbersPerRecord;
    this.figures[figures + numbers.atMs] = atMs;
    this.figures[figures + numbers.durationMs] = durationMs;
    this.figures[figures + numbers.attempts] = attempts;
    this.figures[figures + numbers.nodes] = table.count;
    if (decision.kind === 'node') {
      const second = view.runnerUp(decision.slot);
      this.nodeNames[place] = decision.nodeName;
      this.runnersUp[place] = second && table.names[second.slot];
      this.figures[figures + numbers.score] = decision.score;
      this.figures[figures + numbers.runnerUpScore] = second?.score ?? 0;
      view.pointsOf(decision.slot, this.points, place * scorersMax);
      this.sequels[place] = undefined;
    } else {
      this.nodeNames[place] = undefined;
      this.sequels[place] = { outcome: 'unschedulable', message: decision.message };
    }
    return ticket;
  }

  /** Adds how it went on. */
  note(ticket: RecordTicket, sequel: Sequel): void {
    if (this.next - ticket <= this.recordsMax) this.sequels[ticket % this.recordsMax] = sequel;
  }

  /** The last decision about a pod; looks through all records. */
  of({ uid = '', namespace = '', name = '' }: PodIdentity): DecisionRecord | undefined {
    for (let ticket = this.next - 1; ticket >= Math.max(0, this.next - this.recordsMax); ticket--) {
      if (this.uids[ticket % this.recordsMax] === uid) return this.at(ticket % this.recordsMax, `${namespace}/${name}`);
    }
    return undefined;
  }

  private at(place: number, pod: string): DecisionRecord {
    const figure = (column: keyof typeof numbers) => this.figures[place * numbersPerRecord + numbers[column]]!;
    const node = this.nodeNames[place];
    const { outcome, message, victims } = this.sequels[place] ?? { outcome: 'placed' };
    return {
      pod,
      schedulerName: this.commons[place]!.schedulerName,
      decidedAt: rfc3339Micro(figure('atMs')),
      attempts: figure('attempts'),
      microseconds: Math.round(figure('durationMs') * 1000),
      nodes: figure('nodes'),
      outcome,
      ...(node === undefined ? {} : this.winner(place, node)),
      refused: [...this.commons[place]!.groups.map(groupInWords), ...this.regions(place)].sort(
        (one, other) => other.count - one.count,
      ),
      ...(message === undefined ? {} : { message }),
      ...(victims === undefined ? {} : { victims: [...victims] }),
    };
  }

  private winner(place: number, node: string): Partial<DecisionRecord> {
    const points: Record<string, number> = {};
    this.commons[place]!.scorers.forEach((name, at) => {
      if (at < scorersMax) points[name] = this.points[place * scorersMax + at]!;
    });
    const figures = place * numbersPerRecord;
    const total = this.figures[figures + numbers.score]! / 1000;
    const behind = this.figures[figures + numbers.runnerUpScore]! / 1000;
    const second = this.runnersUp[place];
    const beside = second === undefined ? {} : { runnerUp: { name: second, total: behind }, margin: total - behind };
    return { node, points, total, ...beside };
  }

  /** Nodes that were refused for where they lie; those with one reason together. */
  private regions(place: number): Iterable<RefusedNodes> {
    const groups = new Map<number, RefusedNodes>();
    const { regionRefusals } = this.commons[place]!;
    for (let region = 0; region < this.regionCounts[place]!; region++) {
      const at = (place * regionsMax + region) * numbersPerRegion;
      const slot = this.regionNumbers[at]!;
      const reason = this.regionNumbers[at + 2]!;
      const { name, refusal } = regionRefusals[reason]!;
      const group = groups.get(reason) ?? { plugin: name, reason: refusal, isResolvable: true, count: 0, examples: [] };
      group.count += this.regionNumbers[at + 1]!;
      if (group.examples.length < examplesMax) group.examples.push(this.cluster.table.names[slot] ?? '');
      groups.set(reason, group);
    }
    return groups.values();
  }

  private commonFor(view: ClassView, info: PodInfo): Common {
    let common = view === this.lastView ? this.lastCommon : this.commonOf.get(view);
    if (common?.version !== view.refused.version) {
      common = this.makeCommon(view, info);
      this.commonOf.set(view, common);
    }
    this.lastView = view;
    this.lastCommon = common;
    return common;
  }

  private makeCommon(view: ClassView, info: PodInfo): Common {
    const { names } = this.cluster.table;
    const groups = view.refusedGroups().map(({ name, refusal, isResolvable, count, slots }) => ({
      name,
      refusal,
      isResolvable,
      count,
      examples: slots.map((slot) => ({
        name: names[slot]!,
        lacks: name === fitName ? lacksOn(info, slot, this.cluster) : noLacks,
      })),
    }));
    const { refused, scorers, regionRefusals } = view;
    const schedulerName = info.shape.pod.spec?.schedulerName ?? '';
    return { version: refused.version, schedulerName, scorers, groups, regionRefusals };
  }
}

function groupInWords({ name, refusal, isResolvable, count, examples }: KeptGroup): RefusedNodes {
  return {
    plugin: name,
    reason: refusal.replaceAll('\n', ', '),
    isResolvable,
    count,
    examples: examples.map((each) => lackText(each.name, each.lacks)),
  };
}
