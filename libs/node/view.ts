import { backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox } from '../pods/observed.ts';
import { nothingObserved } from '../pods/observed.ts';
import { type ContainerInfo, type ContainerRuntime, RuntimeError, type RuntimeEvent } from '../runtime/runtime.ts';
import { annotationNames, identityOf, labelNames, type PodIdentity } from './labels.ts';

/** An exit is announced before the CRI's own state follows; how often it is asked again. */
const exitLookups = { attemptsMax: 40, initialMs: 5, maxMs: 500 };
/** A runtime that cannot be asked for a moment does not make a started container a failed one. */
const statusLookups = { delayMs: 200, attemptsMax: 5 };

interface Entry {
  identity: PodIdentity;
  sandboxes: Map<string, ObservedSandbox>;
  containers: Map<string, ObservedContainer>;
  /** From the annotations, for pods whose object is gone. */
  graceSeconds: number;
  snapshot: ObservedPod | undefined;
}

/** Completes what was read of a container that has ended: its last words, or why it was killed. */
export type EndReader = (identity: PodIdentity, container: ObservedContainer, info: ContainerInfo) => Promise<string>;

function newestFirst<T extends { createdAtMs: number }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => b.createdAtMs - a.createdAtMs);
}

/** What runs on the node, kept by events and by what the agent itself does; never polled while events come. */
export class RuntimeView {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #readEnd: EndReader;
  readonly #pods = new Map<string, Entry>();
  readonly #owner = new Map<string, string>();
  readonly #outOfMemory = new Set<string>();
  /** Those that somebody is ending, who will see to what has become of them. */
  readonly #awaited = new Set<string>();
  #onChange: (uid: string) => void = () => {};

  constructor(options: { runtime: ContainerRuntime; clock: Clock; logger: Logger; readEnd: EndReader }) {
    this.#runtime = options.runtime;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#readEnd = options.readEnd;
  }

  set onChange(listener: (uid: string) => void) {
    this.#onChange = listener;
  }

  pod(uid: string): ObservedPod {
    const entry = this.#pods.get(uid);
    if (!entry) return nothingObserved;
    entry.snapshot ??= {
      sandboxes: newestFirst(entry.sandboxes.values()),
      containers: newestFirst(entry.containers.values()),
    };
    return entry.snapshot;
  }

  /** Every pod that something is left of. */
  identities(): Array<PodIdentity & { graceSeconds: number }> {
    return [...this.#pods.values()].map(({ identity, graceSeconds }) => ({ ...identity, graceSeconds }));
  }

  ownerOf(id: string): string | undefined {
    return this.#owner.get(id);
  }

  addSandbox(identity: PodIdentity, sandbox: ObservedSandbox): void {
    const entry = this.#entry(identity);
    entry.sandboxes.set(sandbox.id, sandbox);
    this.#touch(entry, sandbox.id);
  }

  addContainer(identity: PodIdentity, container: ObservedContainer): void {
    const entry = this.#entry(identity);
    entry.containers.set(container.id, container);
    this.#touch(entry, container.id);
  }

  forget(id: string): void {
    const uid = this.#owner.get(id);
    this.#owner.delete(id);
    this.#outOfMemory.delete(id);
    const entry = uid === undefined ? undefined : this.#pods.get(uid);
    if (!entry) return;
    entry.sandboxes.delete(id);
    entry.containers.delete(id);
    entry.snapshot = undefined;
    if (entry.sandboxes.size + entry.containers.size === 0) this.#pods.delete(entry.identity.uid);
  }

  /** Reads everything from the runtime; what it no longer has is forgotten. */
  async relist(): Promise<void> {
    const [sandboxes, containers] = await Promise.all([this.#runtime.listSandboxes(), this.#runtime.listContainers()]);
    const present = new Set([...sandboxes, ...containers].map(({ id }) => id));
    for (const sandbox of sandboxes) {
      const known = this.#known(sandbox.id)?.sandboxes.get(sandbox.id);
      if (known && known.ready === sandbox.ready) continue;
      await this.#readSandbox(sandbox.id);
    }
    for (const container of containers) {
      const known = this.#known(container.id)?.containers.get(container.id);
      if (known?.state === container.state) continue;
      await this.refreshContainer(container.id, container.sandboxId, identityOf(container.labels));
    }
    for (const [id, uid] of this.#owner) {
      if (present.has(id)) continue;
      this.forget(id);
      this.#onChange(uid);
    }
  }

  /** Takes in one event of the runtime. */
  async apply(event: RuntimeEvent): Promise<void> {
    if (event.id === undefined) return this.relist();
    const entry = this.#known(event.id);
    if (!entry) return event.kind === 'changed' ? this.relist() : undefined;
    if (event.kind === 'oom') {
      this.#outOfMemory.add(event.id);
      return;
    }
    if (this.#awaited.has(event.id)) return;
    const sandbox = entry.sandboxes.get(event.id);
    if (sandbox && event.kind === 'exited') return sandbox.ready ? this.#readSandboxExit(event.id) : undefined;
    if (sandbox) return this.#readSandbox(event.id);
    const container = entry.containers.get(event.id);
    if (container && container.state !== 'exited') await this.#readExit(container, entry);
  }

  /**
   * Runs work that ends containers or sandboxes and reads what became of them itself: the runtime's events of it are
   * no news, and asking again and again until its state follows would only slow it down.
   */
  async ending<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const awaited = ids.filter((id) => !this.#awaited.has(id));
    for (const id of awaited) this.#awaited.add(id);
    try {
      return await work();
    } finally {
      for (const id of awaited) this.#awaited.delete(id);
    }
  }

  /** Reads one container anew and tells of it. */
  async refreshContainer(id: string, sandboxId: string, identity: PodIdentity | undefined): Promise<void> {
    const info = await this.#statusOf(id);
    if (!info || !identity) return;
    await this.#take(identity, sandboxId, info);
  }

  async #readExit(container: ObservedContainer, entry: Entry): Promise<void> {
    for (let attempt = 0; attempt < exitLookups.attemptsMax; attempt++) {
      const info = await this.#statusOf(container.id);
      if (!info) return;
      // One that ends as soon as it starts may even be called created still.
      if (info.state === 'exited' || info.state === 'unknown') {
        return this.#take(entry.identity, container.sandboxId, info);
      }
      await sleep(this.#clock, backoffMs(exitLookups, attempt + 1));
    }
    this.#logger.warn('an exit was announced that the runtime does not know of', { container: container.id });
  }

  async #readSandboxExit(id: string): Promise<void> {
    for (let attempt = 0; attempt < exitLookups.attemptsMax; attempt++) {
      await this.#readSandbox(id);
      if (this.#known(id)?.sandboxes.get(id)?.ready !== true) return;
      await sleep(this.#clock, backoffMs(exitLookups, attempt + 1));
    }
  }

  async #take(identity: PodIdentity, sandboxId: string, info: ContainerInfo): Promise<void> {
    const observed: ObservedContainer = {
      id: info.id,
      sandboxId,
      name: info.labels[labelNames.container] ?? info.name,
      restartCount: Number(info.annotations[annotationNames.restartCount] ?? info.attempt),
      hash: info.annotations[annotationNames.hash] ?? '',
      state: info.state,
      createdAtMs: info.createdAtMs,
      startedAtMs: info.startedAtMs,
      finishedAtMs: info.finishedAtMs,
      exitCode: info.exitCode,
      reason: info.state === 'exited' && this.#outOfMemory.has(info.id) ? 'OOMKilled' : info.reason,
      message: info.message,
      image: info.image,
      imageRef: info.imageRef,
    };
    if (info.state === 'exited') observed.message = await this.#readEnd(identity, observed, info);
    const entry = this.#entry(identity);
    const grace = Number(info.annotations[annotationNames.gracePeriod]);
    if (Number.isFinite(grace)) entry.graceSeconds = grace;
    entry.containers.set(info.id, observed);
    this.#touch(entry, info.id);
    this.#onChange(identity.uid);
  }

  async #readSandbox(id: string): Promise<void> {
    try {
      const info = await this.#runtime.sandboxStatus(id);
      const identity = identityOf(info.labels) ?? { uid: info.uid, name: info.name, namespace: info.namespace };
      this.addSandbox(identity, {
        id,
        attempt: info.attempt,
        ready: info.ready,
        createdAtMs: info.createdAtMs,
        ips: info.ips,
      });
      this.#onChange(identity.uid);
    } catch (error) {
      if (!(error instanceof RuntimeError && error.code === 'notFound')) throw error;
      this.sandboxGone(id);
    }
  }

  /** A sandbox that was stopped stays on record until it is forgotten. */
  sandboxGone(id: string): void {
    const entry = this.#known(id);
    const sandbox = entry?.sandboxes.get(id);
    if (!entry || !sandbox) return;
    entry.sandboxes.set(id, { ...sandbox, ready: false });
    this.#touch(entry, id);
    this.#onChange(entry.identity.uid);
  }

  async #statusOf(id: string): Promise<ContainerInfo | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#runtime.containerStatus(id);
      } catch (error) {
        if (error instanceof RuntimeError && error.code === 'notFound') return undefined;
        if (attempt === statusLookups.attemptsMax) throw error;
        await sleep(this.#clock, statusLookups.delayMs);
      }
    }
  }

  #known(id: string): Entry | undefined {
    const uid = this.#owner.get(id);
    return uid === undefined ? undefined : this.#pods.get(uid);
  }

  #entry(identity: PodIdentity): Entry {
    let entry = this.#pods.get(identity.uid);
    if (!entry) {
      entry = { identity, sandboxes: new Map(), containers: new Map(), graceSeconds: 30, snapshot: undefined };
      this.#pods.set(identity.uid, entry);
    }
    return entry;
  }

  #touch(entry: Entry, id: string): void {
    this.#owner.set(id, entry.identity.uid);
    entry.snapshot = undefined;
  }
}
