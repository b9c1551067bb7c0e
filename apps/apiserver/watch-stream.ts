import { conformObject } from '../../libs/api/decode/decode.ts';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import type { Clock, Timer } from '../../libs/base/clock.ts';
import { asStatusError } from '../../libs/base/status.ts';
import { Document } from '../../libs/cache/document.ts';
import type { CacheEvent, ChangeType } from '../../libs/cache/event.ts';
import { expectedOf } from '../../libs/registry/expected-type.ts';
import type { WatchHandle, WatchListener } from '../../libs/registry/requests.ts';
import type { Flushable, FlushQueue } from './flush-queue.ts';
import type { InflightLimit } from './inflight.ts';
import type { AnswerForm, Encoding, MetaVersion } from './negotiation.ts';
import { type IncludeObject, metadataOnly, tableOf } from './table.ts';
import { WatchChunks } from './watch-chunks.ts';
import { type WatchFrames, watchFrames } from './watch-frames.ts';
import { WatchInitials } from './watch-initials.ts';
import type { WatchOutput } from './watch-output.ts';

/** A watcher that leaves this much unread is cut off; it resumes from the last version it has seen. */
export const watcherBacklogBytesMax = 16 * 1024 * 1024;
/** A watcher that has fallen behind is written this much at once, or one event. */
export const watchWriteBytesMax = 512 * 1024;
const bookmarkIntervalMs = 60_000;

export interface WatchStreamOptions {
  readonly output: WatchOutput;
  readonly definition: ResourceDefinition;
  readonly form: AnswerForm;
  readonly encoding: Encoding;
  readonly metaVersion: MetaVersion;
  readonly include: IncludeObject;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly flushes: FlushQueue;
  readonly inflight: InflightLimit;
  readonly signal: AbortSignal;
}

/** One watch: lines of JSON or frames of protobuf, written once for each batch of events. */
export class WatchStream implements WatchListener, Flushable {
  private frames: Uint8Array[] = [];
  private gatheredBytes = 0;
  private readonly initials = new WatchInitials();
  /** What was written last has not been taken: what happens meanwhile waits here, where all watchers share its bytes. */
  private onTheWay = false;
  private columnsSaid = false;
  private handle: WatchHandle | undefined;
  private timers: Timer[] = [];
  private over = false;
  private readonly framing: WatchFrames;

  constructor(private readonly options: WatchStreamOptions) {
    this.framing = watchFrames(options.encoding);
  }

  event(type: ChangeType, event: CacheEvent): void {
    if (this.options.form === 'object') this.gather(this.framing.ofEvent(type, event));
    else this.gather(this.framing.ofObject(type, this.render(event.document(type))));
  }

  initial(document: Document): void {
    this.initials.add(document);
  }

  bookmark(revision: number, initialEnd: boolean): void {
    try {
      this.gather(this.bookmarkFrame(revision, initialEnd));
    } catch (error) {
      // Before the head is sent the request is answered with it; later timers ask, and nobody is above them.
      if (!this.handle) throw error;
      this.failed(error as Error);
      return;
    }
    if (!initialEnd) this.settled();
  }

  private bookmarkFrame(revision: number, initialEnd: boolean): Uint8Array {
    const annotations = initialEnd ? { 'k8s.io/initial-events-end': 'true' } : undefined;
    const metadata = { resourceVersion: String(revision), creationTimestamp: null, annotations };
    const { definition, form } = this.options;
    const object = { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata };
    // As a table it is a row, too: an object of the kind that says nothing else.
    const whole = () => conformObject(object, expectedOf(definition)).object;
    const shown = form === 'object' ? object : this.render(Document.ofObject(whole(), revision));
    return this.framing.ofObject('BOOKMARK', shown);
  }

  /** A batch is complete: what has gathered is due. */
  settled(): void {
    const waits = this.onTheWay || this.initials.pending;
    if (waits && this.gatheredBytes > watcherBacklogBytesMax) this.cutOff();
    else if (this.initials.pending || (this.frames.length > 0 && !this.onTheWay)) this.options.flushes.add(this);
  }

  /** Writes what has gathered. What happens while the state of the beginning goes out waits until it is all taken. */
  flush(): void {
    if (this.over || this.onTheWay) return;
    if (this.initials.pending) this.sendInitials();
    else if (this.frames.length > 0) this.send(this.nextFrames());
  }

  private send(frames: readonly Uint8Array[]): void {
    const { output, flushes } = this.options;
    output.open(this.framing.contentType);
    this.onTheWay = true;
    output.write(frames, flushes.chunks, this.taken);
  }

  private readonly taken = (): void => {
    this.onTheWay = false;
    if (this.frames.length > 0) this.options.flushes.add(this);
  };

  private nextFrames(): readonly Uint8Array[] {
    const { frames } = this;
    if (this.gatheredBytes <= watchWriteBytesMax) {
      this.frames = [];
      this.gatheredBytes = 0;
      return frames;
    }
    let count = 0;
    let bytes = 0;
    for (const frame of frames) {
      bytes += frame.length;
      if (count > 0 && bytes > watchWriteBytesMax) break;
      count++;
    }
    this.frames = frames.slice(count);
    const next = frames.slice(0, count);
    for (const frame of next) this.gatheredBytes -= frame.length;
    return next;
  }

  private sendInitials(): void {
    const { output, form } = this.options;
    output.open(this.framing.contentType);
    const frameOf = (document: Document) =>
      form === 'object'
        ? this.framing.ofDocument('ADDED', document)
        : this.framing.ofObject('ADDED', this.render(document, true));
    this.initials.advance(
      frameOf,
      (frames, taken) => output.write(frames, new WatchChunks(), taken),
      () => this.flush(),
    );
  }

  private gather(frame: Uint8Array): void {
    this.frames.push(frame);
    this.gatheredBytes += frame.length;
  }

  private cutOff(): void {
    this.finish();
    this.options.output.destroy();
  }

  failed(error: Error): void {
    this.gather(this.framing.ofObject('ERROR', asStatusError(error).toStatus()));
    this.close();
  }

  /** Begins the answer. Events gathered so far follow the head at once. */
  open(handle: WatchHandle): void {
    const { output, clock, bookmarks, timeoutMs, signal } = this.options;
    this.handle = handle;
    output.onceClosed(() => this.finish());
    signal.addEventListener('abort', this.end, { once: true });
    this.timers.push(clock.setTimer(timeoutMs, this.end));
    if (bookmarks) this.scheduleBookmark();
    // The client knows that it watches before anything happens.
    output.open(this.framing.contentType);
    if (this.over || output.closed) this.finish();
  }

  private readonly end = (): void => {
    if (this.over) return;
    if (this.options.bookmarks && !this.initials.pending) this.handle?.bookmark();
    this.close();
  };

  /** Sends what there is and nothing after it. */
  private close(): void {
    if (this.over) return;
    if (this.initials.pending) this.sendInitials();
    else if (this.frames.length > 0) this.send(this.frames);
    this.finish();
    const { output, signal, inflight } = this.options;
    output.end(signal.aborted ? inflight.ending() : undefined);
  }

  private scheduleBookmark(): void {
    const timer = this.options.clock.setTimer(bookmarkIntervalMs, () => {
      if (this.over) return;
      this.timers = this.timers.filter((one) => one !== timer);
      this.handle?.bookmark();
      if (!this.over) this.scheduleBookmark();
    });
    this.timers.push(timer);
  }

  private finish(): void {
    this.over = true;
    this.handle?.cancel();
    this.options.signal.removeEventListener('abort', this.end);
    for (const timer of this.timers) timer.cancel();
    this.timers = [];
  }

  /** The first table that goes out names the columns; what stood at the beginning goes before what happens meanwhile. */
  private render(document: Document, initial = false): object {
    const { definition, form, metaVersion, include, clock } = this.options;
    if (form === 'metadata') return metadataOnly(definition, document.object, metaVersion);
    const withoutColumns = this.columnsSaid || (!initial && this.initials.pending);
    if (!withoutColumns) this.columnsSaid = true;
    const answer = { documents: [document], revision: document.revision };
    return tableOf(definition, answer, { metaVersion, include, nowMs: clock.now(), withoutColumns });
  }
}
