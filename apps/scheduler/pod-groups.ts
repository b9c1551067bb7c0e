import { nameOf, type Resource } from '../../libs/api/meta.ts';
import { type Clock, sleep } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { Client } from '../../libs/client/client.ts';
import type { InformerSet } from '../../libs/client/informer-set.ts';
import { type CustomKind, CustomKinds } from '../../libs/reconcile/custom-kinds.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import { type PodGroup, podgroups } from '../../libs/scheduling/pod-groups.ts';
import type { GroupProgress } from './gangs.ts';

/** How long the start waits for groups that the server says exist and does not list: all other pods need none of them. */
const groupsSyncMsMax = 10_000;

export interface PodGroupParts {
  client: Client;
  cluster: Cluster;
  informers: InformerSet;
  clock: Clock;
  logger: Logger;
  /** Called when a group may have become possible. */
  changed(): void;
}

/**
 * Follows the objects of the kind PodGroup while the cluster serves it, that is, while somebody has installed its
 * definition, and writes into their status how far they have come.
 */
export class PodGroupObjects {
  private readonly definitions: CustomKinds;
  private readonly parts: PodGroupParts;
  private resource: Resource<PodGroup> | undefined;
  /** What is to be written of each group; the newest word wins. */
  private readonly pending = new Map<string, GroupProgress>();
  private isWriting = false;

  constructor(parts: PodGroupParts) {
    this.parts = parts;
    this.definitions = new CustomKinds(parts.informers);
    this.definitions.follow({
      added: (kind) => this.served(kind),
      removed: (kind) => this.withdrawn(kind),
    });
  }

  /**
   * Resolves once all groups are known, or that there is no such kind; after a time also without them. Rejects when the
   * signal aborts before that.
   */
  async waitSynced(signal: AbortSignal): Promise<void> {
    await this.definitions.cache.waitSynced(signal);
    const { clock, informers, logger } = this.parts;
    const { resource } = this;
    if (resource === undefined) return;
    const over = new AbortController();
    const inTime = sleep(clock, groupsSyncMsMax, AbortSignal.any([signal, over.signal])).then(() => {
      logger.warn('pod groups are not known yet; scheduling starts without them');
    });
    // The definition may be removed meanwhile, which stops the informer: then there is nothing to wait for.
    const known = informers
      .of(resource)
      .waitSynced(signal)
      .catch(() => signal.throwIfAborted());
    await Promise.race([known, inTime]).finally(() => over.abort());
  }

  /** Writes how far a group has come, unless that is known already. */
  readonly tell = (key: string, progress: GroupProgress): void => {
    this.pending.set(key, progress);
    if (!this.isWriting) void this.write();
  };

  private served({ resource }: CustomKind): void {
    if (!isPodGroup(resource)) return;
    this.resource = resource as Resource<PodGroup>;
    this.parts.cluster.podGroups.serve(true);
    this.parts.informers.of(this.resource).addHandler({
      added: (object) => this.set(object),
      updated: (object) => this.set(object),
      deleted: (object) => this.parts.cluster.podGroups.remove(object),
    });
    this.parts.changed();
  }

  private withdrawn({ resource }: CustomKind): void {
    if (!isPodGroup(resource)) return;
    this.resource = undefined;
    this.parts.cluster.podGroups.serve(false);
    void this.parts.informers.drop(resource);
    this.parts.changed();
  }

  private set(object: PodGroup): void {
    // Most updates are our own words about its progress.
    if (this.parts.cluster.podGroups.set(object)) this.parts.changed();
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    // All that one slice of decisions says of a group is one word.
    await Promise.resolve();
    for (const [key, progress] of this.pending) {
      this.pending.delete(key);
      await this.writeOne(key, progress);
    }
    this.isWriting = false;
  }

  private async writeOne(key: string, { scheduled, isEnough }: GroupProgress): Promise<void> {
    const { resource } = this;
    if (resource === undefined) return;
    const { client, informers, logger } = this.parts;
    const object = informers.of(resource).get(key);
    const phase = isEnough ? 'Scheduled' : 'Pending';
    if (object === undefined || (object.status?.phase === phase && object.status.scheduled === scheduled)) return;
    const body = { metadata: { uid: object.metadata?.uid }, status: { phase, scheduled } };
    try {
      await client.patch(resource, nameOf(object), { type: 'merge', body }, { subresource: 'status' });
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict')) logger.warn('the status of a pod group was not written', { error });
    }
  }
}

const isPodGroup = ({ group, plural }: Resource) => group === podgroups.group && plural === podgroups.plural;
