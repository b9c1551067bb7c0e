import type { CoreV1Event, V1NodeStatus } from '../../api/gen/types.ts';
import type { ObjectName } from '../../api/meta.ts';
import type { AgentMessage } from '../../wire/gen/berth/node/v1/session.ts';
import { encodeJson } from '../../wire/json.ts';
import type { NodeUsage, PodStatusUpdate } from '../link.ts';

type Body = NonNullable<AgentMessage['body']>;

interface Report {
  sequence: number;
  body: Body;
}

/** Events beyond this many unacknowledged ones push out the oldest. */
const eventsMax = 1000;

/**
 * What the agent has to say, until the control plane has acknowledged it. Newer reports of the same thing replace older
 * ones; with each new session everything unacknowledged is sent again.
 */
export class Reports {
  /** By what they are about, in the order they were made. */
  private readonly unacknowledged = new Map<string, Report>();
  private readonly unsent = new Map<string, Report>();
  private readonly subjects = new Map<number, string>();
  private readonly events: string[] = [];
  private usage: Buffer | undefined;
  private sequence = 0;
  private nodeStatus: V1NodeStatus | undefined;
  /** Events that were pushed out. */
  eventsLost = 0;

  get latestNodeStatus(): V1NodeStatus | undefined {
    return this.nodeStatus;
  }

  get size(): number {
    return this.unacknowledged.size;
  }

  podStatus(update: PodStatusUpdate): void {
    const { namespace, name } = update.at;
    this.add(`status/${update.uid}`, (sequence) => ({
      $case: 'podStatus',
      value: { sequence, namespace, name, uid: update.uid, status: encodeJson(update.status) },
    }));
  }

  podGone(at: Required<ObjectName>, uid: string): void {
    this.add(`gone/${uid}`, (sequence) => ({ $case: 'podGone', value: { sequence, ...at, uid } }));
  }

  node(status: V1NodeStatus): void {
    this.nodeStatus = status;
    this.add('node', (sequence) => ({ $case: 'nodeStatus', value: { sequence, status: encodeJson(status) } }));
  }

  event(event: CoreV1Event): void {
    const subject = `event/${event.metadata?.namespace}/${event.metadata?.name}`;
    this.add(subject, (sequence) => ({ $case: 'event', value: { sequence, event: encodeJson(event) } }));
    this.events.push(subject);
    if (this.events.length <= eventsMax) return;
    this.forget(this.events.shift()!);
    this.eventsLost++;
  }

  usageOf(usage: NodeUsage): void {
    this.usage = encodeJson(usage);
  }

  /** A session begins: nothing counts as sent. The Hello carries the node's status. */
  restart(): void {
    this.unsent.clear();
    for (const [subject, report] of this.unacknowledged) this.unsent.set(subject, report);
  }

  /** The next message to send in this session. */
  pull(): AgentMessage | undefined {
    for (const [subject, report] of this.unsent) {
      this.unsent.delete(subject);
      return { body: report.body };
    }
    const usage = this.usage;
    this.usage = undefined;
    return usage && { body: { $case: 'usage', value: usage } };
  }

  acknowledge(sequences: readonly number[]): void {
    for (const sequence of sequences) {
      const subject = this.subjects.get(sequence);
      if (subject !== undefined) this.forget(subject);
    }
  }

  private add(subject: string, body: (sequence: number) => Body): void {
    this.forget(subject);
    const sequence = ++this.sequence;
    const report = { sequence, body: body(sequence) };
    this.subjects.set(sequence, subject);
    this.unacknowledged.set(subject, report);
    this.unsent.set(subject, report);
  }

  private forget(subject: string): void {
    const report = this.unacknowledged.get(subject);
    if (!report) return;
    this.subjects.delete(report.sequence);
    this.unacknowledged.delete(subject);
    this.unsent.delete(subject);
    if (!subject.startsWith('event/')) return;
    const at = this.events.indexOf(subject);
    if (at >= 0) this.events.splice(at, 1);
  }
}
