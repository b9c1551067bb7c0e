import type { V1Pod } from '../api/gen/types.ts';
import { pods } from '../api/kinds/pod.ts';
import { type KubeObject, nameOf, type Resource } from '../api/meta.ts';
import { isStatus } from '../base/status.ts';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from './events.ts';
import type { Expectations } from './expectations.ts';
import { isNamespaceTerminating } from './retry.ts';

export interface PodControlOptions {
  client: Client;
  events: EventRecorder;
  /** The kind of the owners. */
  resource: Resource;
  expectations: Expectations;
}

/** Makes and deletes the pods of a controller's objects: tells people, and notes what the cache has yet to show. */
export class PodControl {
  readonly #options: PodControlOptions;

  constructor(options: PodControlOptions) {
    this.#options = options;
  }

  async create(key: string, owner: KubeObject, pod: V1Pod): Promise<void> {
    const { client, events, resource, expectations } = this.#options;
    try {
      const made = await client.create(pods, pod);
      expectations.expectVersion(key, made.metadata?.resourceVersion);
      const message = `Created pod: ${made.metadata?.name}`;
      events.record(resource, owner, { type: 'Normal', reason: 'SuccessfulCreate', message });
    } catch (error) {
      expectations.writeFailed(key, error);
      if (!isNamespaceTerminating(error)) {
        const message = `Error creating: ${messageOf(error)}`;
        events.record(resource, owner, { type: 'Warning', reason: 'FailedCreate', message });
      }
      throw error;
    }
  }

  async remove(key: string, owner: KubeObject, pod: V1Pod): Promise<void> {
    const { client, events, resource, expectations } = this.#options;
    const uid = pod.metadata?.uid ?? '';
    expectations.expectDeletion(key, uid);
    try {
      await client.delete(pods, nameOf(pod), { preconditions: { uid } });
      const message = `Deleted pod: ${pod.metadata?.name}`;
      events.record(resource, owner, { type: 'Normal', reason: 'SuccessfulDelete', message });
    } catch (error) {
      if (isStatus(error, 'NotFound')) return;
      expectations.deletionFailed(key, uid);
      const message = `Error deleting: ${messageOf(error)}`;
      events.record(resource, owner, { type: 'Warning', reason: 'FailedDelete', message });
      throw error;
    }
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
