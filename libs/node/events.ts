import type { CoreV1Event, V1Pod } from '../api/gen/types.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { containerNamed } from '../pods/spec.ts';

export interface EventSink {
  recordEvent(event: CoreV1Event): void;
}

export interface Occurrence {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** The container it is about. */
  container?: string;
}

/** How many different events are counted instead of repeated; the oldest is forgotten first. */
const rememberedEventsMax = 1024;
/** Characters of an event's message; the rest is cut. */
const messageLengthMax = 1024;
const fieldNames = { init: 'initContainers', main: 'containers', ephemeral: 'ephemeralContainers' } as const;

function involvedPod(pod: V1Pod, { container }: Occurrence): CoreV1Event['involvedObject'] {
  const field = fieldNames[(container && containerNamed(pod, container)?.kind) || 'main'];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    name: pod.metadata?.name,
    namespace: pod.metadata?.namespace,
    uid: pod.metadata?.uid,
    resourceVersion: pod.metadata?.resourceVersion,
    ...(container ? { fieldPath: `spec.${field}{${container}}` } : {}),
  };
}

/** Writes events about pods and the node; the same one again raises its count and keeps its name. */
export class EventRecorder {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #seen = new Map<string, CoreV1Event>();

  constructor(sink: EventSink, clock: Clock, host: string) {
    this.#sink = sink;
    this.#clock = clock;
    this.#host = host;
  }

  pod(pod: V1Pod, occurrence: Occurrence): void {
    this.#record(involvedPod(pod, occurrence), occurrence);
  }

  node(occurrence: Occurrence): void {
    this.#record({ kind: 'Node', apiVersion: 'v1', name: this.#host, uid: this.#host }, occurrence);
  }

  #record(involved: CoreV1Event['involvedObject'], occurrence: Occurrence): void {
    const key = [involved.uid, involved.fieldPath, occurrence.reason, occurrence.message].join('\n');
    const now = this.#clock.now();
    const known = this.#seen.get(key);
    const event: CoreV1Event = known
      ? { ...known, count: (known.count ?? 1) + 1, lastTimestamp: rfc3339(now) }
      : this.#fresh(involved, occurrence, now);
    this.#seen.delete(key);
    this.#seen.set(key, event);
    if (this.#seen.size > rememberedEventsMax) this.#seen.delete(this.#seen.keys().next().value ?? '');
    this.#sink.recordEvent(event);
  }

  #fresh(involved: CoreV1Event['involvedObject'], occurrence: Occurrence, now: number): CoreV1Event {
    const stamp = (BigInt(now) * 1_000_000n + BigInt(Math.floor(this.#clock.monotonic() * 1000) % 1_000_000)).toString(
      16,
    );
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${involved.name}.${stamp}`, namespace: involved.namespace ?? 'default' },
      involvedObject: involved,
      type: occurrence.type,
      reason: occurrence.reason,
      message: occurrence.message.slice(0, messageLengthMax),
      source: { component: 'kubelet', host: this.#host },
      reportingComponent: 'kubelet',
      reportingInstance: this.#host,
      firstTimestamp: rfc3339(now),
      lastTimestamp: rfc3339(now),
      count: 1,
    };
  }
}
