import { rfc3339Micro } from '../base/clock.ts';
import type { ClassView } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import type { DecisionOutcome, DecisionRecord } from './decision-record.ts';
import { KeptRefusals, type RefusalWords } from './kept-refusals.ts';
import type { PodInfo } from './pod-info.ts';
import type { Decision } from './scheduler-core.ts';

/** Decisions that are remembered, one for a pod; each takes some hundred bytes. */
export const decisionRecordsMax = 16_384;
/** Scoring plugins whose points are remembered. */
const scorersMax = 16;

/** What all decisions of a view have in common. */
interface Common extends RefusalWords {
  readonly schedulerName: string;
  readonly scorers: readonly string[];
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
  private readonly refusals: KeptRefusals;
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
    this.refusals = new KeptRefusals(cluster, recordsMax);
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
    this.refusals.keep(place, view, info.shape.requests);
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
      refused: this.refusals.of(place, this.commons[place]!),
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

  private commonFor(view: ClassView, { shape }: PodInfo): Common {
    if (view === this.lastView) return this.lastCommon!;
    let common = this.commonOf.get(view);
    if (common === undefined) {
      const { refused, scorers, regionRefusals } = view;
      const schedulerName = shape.pod.spec?.schedulerName ?? '';
      common = { schedulerName, scorers, refused, regionRefusals, requests: shape.requests };
      this.commonOf.set(view, common);
    }
    this.lastView = view;
    this.lastCommon = common;
    return common;
  }
}
