import type { V1Pod } from '../../libs/api/gen/types.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { nameOf } from '../../libs/api/meta.ts';
import { type Clock, rfc3339 } from '../../libs/base/clock.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { Client } from '../../libs/client/client.ts';
import { Informer } from '../../libs/client/informer.ts';

export interface FakeKubeletOptions {
  client: Client;
  clock: Clock;
  startMs?: number;
  stopMs?: number;
  /** Pods that never become ready. */
  broken?: (pod: V1Pod) => boolean;
}

/** Stands in for scheduler and agents: places every pod, makes it ready after a while, and lets deleted ones go. */
export class FakeKubelet {
  readonly #options: FakeKubeletOptions;
  readonly #informer: Informer<V1Pod>;
  #addresses = 0;

  constructor(options: FakeKubeletOptions) {
    this.#options = options;
    this.#informer = new Informer({ ...options, resource: pods });
  }

  start(): void {
    const { clock, startMs = 1000, stopMs = 500 } = this.#options;
    this.#informer.addHandler({
      added: (pod) => {
        clock.setTimer(startMs, () => this.#quietly(this.#run(pod)));
        if (pod.metadata?.deletionTimestamp) clock.setTimer(stopMs, () => this.#quietly(this.#finish(pod)));
      },
      updated: (pod, previous) => {
        const leaves = pod.metadata?.deletionTimestamp && !previous.metadata?.deletionTimestamp;
        if (leaves) clock.setTimer(stopMs, () => this.#quietly(this.#finish(pod)));
      },
    });
    this.#informer.start();
  }

  stop(): Promise<void> {
    return this.#informer.stop();
  }

  async #run(pod: V1Pod): Promise<void> {
    const { client, clock, broken } = this.#options;
    const current = await client.get(pods, nameOf(pod));
    if (current.metadata?.uid !== pod.metadata?.uid || current.status?.podIP) return;
    const spec = { ...current.spec, containers: current.spec?.containers ?? [], nodeName: 'n1' };
    const placed = await client.update(pods, { ...current, spec });
    this.#addresses += 1;
    const podIP = `10.244.${this.#addresses >> 8}.${this.#addresses & 255}`;
    const ready = broken?.(pod) ? 'False' : 'True';
    const conditions = [{ type: 'Ready', status: ready, lastTransitionTime: rfc3339(clock.now()) }];
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
    await client.update(pods, { ...placed, status }, { subresource: 'status' });
  }

  async #finish(pod: V1Pod): Promise<void> {
    await this.#options.client.delete(pods, nameOf(pod), {
      gracePeriodSeconds: 0,
      preconditions: { uid: pod.metadata?.uid ?? '' },
    });
  }

  #quietly(work: Promise<void>): void {
    work.catch((error) => {
      if (!isStatus(error)) throw error;
    });
  }
}
