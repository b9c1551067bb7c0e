import type { V1Pod, V1PodStatus } from '../../../libs/api/gen/types.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { type ObjectName, objectKey } from '../../../libs/api/meta.ts';
import { type BackoffPolicy, backoffMs } from '../../../libs/base/backoff.ts';
import { type Clock, sleep } from '../../../libs/base/clock.ts';
import type { Logger } from '../../../libs/base/log.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import { mergePodStatus } from './pod-status.ts';

type Acknowledge = () => void;

interface Work {
  at: Required<ObjectName>;
  uid: string;
  nodeName: string;
  status: V1PodStatus | undefined;
  gone: boolean;
  acknowledge: Acknowledge[];
  running: boolean;
  failures: number;
}

export interface PodWriterOptions {
  client: Client;
  /** The pod as last seen on the watch. */
  lookup: (key: string) => V1Pod | undefined;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** Writes under way at once, for all nodes together. */
const writesMax = 64;
const conflictsMax = 5;
const retryBackoff: BackoffPolicy = { initialMs: 50, maxMs: 5_000 };

/**
 * Writes what agents report of pods: one pod at a time in order, many pods at once, the newest status only. Reports are
 * acknowledged when written, or when they can never be (the pod is gone or another).
 */
export class PodWriter {
  private readonly work = new Map<string, Work>();
  private readonly ready: Work[] = [];
  /** What we wrote last of each pod, until the watch has shown it. */
  private readonly written = new Map<string, V1Pod>();
  private active = 0;

  constructor(private readonly options: PodWriterOptions) {}

  /** Pods with reports that are not written yet. */
  get size(): number {
    return this.work.size;
  }

  status(report: { at: Required<ObjectName>; uid: string; nodeName: string; status: V1PodStatus }, done: Acknowledge) {
    const work = this.workOf(report);
    work.status = report.status;
    work.acknowledge.push(done);
    this.schedule(work);
  }

  gone(report: { at: Required<ObjectName>; uid: string; nodeName: string }, done: Acknowledge): void {
    const work = this.workOf(report);
    work.gone = true;
    work.acknowledge.push(done);
    this.schedule(work);
  }

  private workOf({ at, uid, nodeName }: { at: Required<ObjectName>; uid: string; nodeName: string }): Work {
    const standing = this.work.get(uid);
    if (standing) return standing;
    const fresh = { at, uid, nodeName, status: undefined, gone: false, acknowledge: [], running: false, failures: 0 };
    this.work.set(uid, fresh);
    return fresh;
  }

  private schedule(work: Work): void {
    if (work.running) return;
    work.running = true;
    this.ready.push(work);
    this.next();
  }

  private next(): void {
    while (this.active < writesMax) {
      const work = this.ready.shift();
      if (!work) return;
      this.active++;
      void this.write(work).finally(() => {
        this.active--;
        this.next();
      });
    }
  }

  private async write(work: Work): Promise<void> {
    const { status, gone } = work;
    const acknowledge = work.acknowledge.splice(0);
    work.status = undefined;
    try {
      if (status) await this.writeStatus(work, status);
      if (gone) await this.delete(work);
      work.failures = 0;
      for (const done of acknowledge) done();
      work.running = false;
      if (work.status || work.acknowledge.length > 0) this.schedule(work);
      else this.work.delete(work.uid);
    } catch (error) {
      work.status ??= status;
      work.acknowledge.unshift(...acknowledge);
      void this.retry(work, error);
    }
  }

  /** Waits outside the limit of concurrent writes. */
  private async retry(work: Work, error: unknown): Promise<void> {
    const { clock, logger, signal } = this.options;
    work.failures++;
    logger.warn('could not write what an agent reports', { pod: objectKey(work.at), error });
    try {
      await sleep(clock, backoffMs(retryBackoff, work.failures), signal);
    } catch {
      return;
    }
    work.running = false;
    this.schedule(work);
  }

  private async writeStatus(work: Work, reported: V1PodStatus): Promise<void> {
    let pod = this.newest(work);
    for (let attempt = 1; ; attempt++) {
      if (pod?.metadata?.uid !== work.uid || pod.spec?.nodeName !== work.nodeName) {
        pod = await this.read(work);
        if (!pod) return;
      }
      const status = mergePodStatus(pod.status, reported);
      if (!status) return;
      try {
        this.written.set(
          work.uid,
          await this.options.client.update(pods, { ...pod, status }, { subresource: 'status' }),
        );
        return;
      } catch (error) {
        if (isStatus(error, 'NotFound')) return;
        if (isStatus(error, 'Invalid', 'BadRequest', 'Forbidden')) return this.refused(work, error);
        if (!isStatus(error, 'Conflict') || attempt >= conflictsMax) throw error;
        pod = await this.read(work);
        if (!pod) return;
      }
    }
  }

  /** Without this, a status that goes back to what it was would look unchanged while the watch lags behind. */
  private newest(work: Work): V1Pod | undefined {
    const seen = this.options.lookup(objectKey(work.at));
    const ours = this.written.get(work.uid);
    if (ours && seen?.metadata?.uid === work.uid && versionOf(seen) < versionOf(ours)) return ours;
    this.written.delete(work.uid);
    return seen;
  }

  /** The pod if it is still the one reported of and on its node. */
  private async read(work: Work): Promise<V1Pod | undefined> {
    try {
      const pod = await this.options.client.get(pods, work.at);
      return pod.metadata?.uid === work.uid && pod.spec?.nodeName === work.nodeName ? pod : undefined;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  private refused(work: Work, error: unknown): void {
    this.options.logger.error('a pod status was refused', { pod: objectKey(work.at), node: work.nodeName, error });
  }

  private async delete(work: Work): Promise<void> {
    this.written.delete(work.uid);
    const pod = await this.read(work);
    if (!pod?.metadata?.deletionTimestamp) return;
    try {
      await this.options.client.delete(pods, work.at, { gracePeriodSeconds: 0, preconditions: { uid: work.uid } });
    } catch (error) {
      // Gone already, or another pod by now.
      if (!isStatus(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

const versionOf = (pod: V1Pod): number => Number(pod.metadata?.resourceVersion ?? 0);
