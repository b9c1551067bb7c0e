import { pods } from '../../libs/api/kinds/pod.ts';
import { nameOf } from '../../libs/api/meta.ts';
import type { Client, Eviction, Evictor } from '../../libs/client/client.ts';
import type { EventRecorder } from '../../libs/reconcile/events.ts';
import { outcomesOf } from './outcomes.ts';
import { Turns } from './turns.ts';

/** Deletions under way at once; further ones wait for their turn. */
const deletionsAtOnceMax = 64;

/** Evicts through the API, one request for each pod, many of them at once: for a scheduler in a process of its own. */
export class ApiEvictor implements Evictor {
  private readonly client: Client;
  private readonly events: EventRecorder;
  private readonly turns = new Turns(deletionsAtOnceMax);

  constructor(client: Client, events: EventRecorder) {
    this.client = client;
    this.events = events;
  }

  evictAll(evictions: readonly Eviction[]): Promise<Array<Error | undefined>> {
    return outcomesOf(evictions.map((eviction) => this.evict(eviction)));
  }

  private async evict({ pod, message, reportedBy }: Eviction): Promise<void> {
    await this.turns.run(() => this.client.delete(pods, nameOf(pod), { preconditions: { uid: pod.metadata?.uid } }));
    this.events.record(pods, pod, {
      type: 'Normal',
      reason: 'Preempted',
      action: 'Preempting',
      message,
      component: reportedBy,
    });
  }
}
