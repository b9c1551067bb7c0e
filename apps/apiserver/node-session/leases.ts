import type { V1Lease } from '../../../libs/api/gen/types.ts';
import { leases, nodeSessionLabel, serverLeaseName, serverLeaseNamespace } from '../../../libs/api/kinds/lease.ts';
import { type Clock, rfc3339Micro, sleep } from '../../../libs/base/clock.ts';
import type { Logger } from '../../../libs/base/log.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';

/** Where the Leases of nodes stand, one for each. */
export const nodeLeaseNamespace = 'kube-node-lease';
const serverLeaseLabel = 'berth.dev/node-session-server';
/** `host:port` by which other API servers reach the sessions of this one. */
export const sessionAddressAnnotation = 'berth.dev/node-session-address';
/** A node that has been silent for this long has lost its session. */
export const nodeSilenceMsMax = 8_000;
const serverRenewMs = 4_000;
/** A server that has not renewed its own Lease for this long is dead, and with it the sessions that it held. */
const serverLeaseSeconds = 12;
/** Between two looks further apart than this, the store may have been away, and nobody able to renew. */
const lookGapMsMax = 2 * serverRenewMs;

export interface LeasesOptions {
  client: Client;
  serverId: string;
  clock: Clock;
  logger: Logger;
}

/**
 * Who holds which node's session, in the store: one write when a session begins and one when it is lost, none while it
 * lasts. A server renews a single Lease of its own; the Leases that a dead server held are released by the others.
 */
export class SessionLeases {
  private readonly sightings: Sightings;

  constructor(private readonly options: LeasesOptions) {
    this.sightings = new Sightings(options.clock);
  }

  /** This server holds the node's session from now on. */
  async take(nodeName: string): Promise<void> {
    const { serverId, clock } = this.options;
    const time = rfc3339Micro(clock.now());
    const spec = {
      holderIdentity: serverId,
      leaseDurationSeconds: nodeSilenceMsMax / 1000,
      acquireTime: time,
      renewTime: time,
    };
    await this.put(nodeLeaseNamespace, nodeName, { metadata: { labels: { [nodeSessionLabel]: 'true' } }, spec });
  }

  /** The node has been silent for too long; does nothing when another server holds its session by now. */
  async release(nodeName: string, holder = this.options.serverId): Promise<void> {
    const { client } = this.options;
    try {
      const lease = await client.get(leases, { namespace: nodeLeaseNamespace, name: nodeName });
      if (lease.spec?.holderIdentity !== holder) return;
      const labels = { ...lease.metadata?.labels, [nodeSessionLabel]: 'true' };
      const metadata = { ...lease.metadata, labels };
      await client.update(leases, { ...lease, metadata, spec: { ...lease.spec, holderIdentity: '' } });
    } catch (error) {
      // Written by another in between, who knows better.
      if (!isStatus(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  /** Writes the server's own Lease, however long the store takes: whoever holds sessions before it is there is taken for dead. */
  async announce(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options;
    while (!signal.aborted) {
      try {
        return await this.renew('');
      } catch (error) {
        logger.warn('could not write the server lease', { error });
      }
      await sleep(clock, serverRenewMs, signal).catch(() => {});
    }
  }

  /** Renews the server's own Lease and releases what dead servers held, until the signal aborts. */
  async keep(signal: AbortSignal, address = ''): Promise<void> {
    const { clock, logger, serverId, client } = this.options;
    // Agents of a server that was replaced, or has stopped, get the time of one silence to come back by themselves.
    const settledMs = () => clock.monotonic() + nodeSilenceMsMax;
    let checkAtMs: number | undefined = settledMs();
    let known: readonly string[] = [];
    while (!signal.aborted) {
      try {
        await this.renew(address);
        const servers = await this.servers();
        const ids = servers.map(({ spec }) => spec?.holderIdentity ?? '');
        if (known.some((id) => !ids.includes(id))) checkAtMs = settledMs();
        known = ids;
        const due = checkAtMs !== undefined && clock.monotonic() >= checkAtMs;
        const dead = this.sightings.look(servers.filter((lease) => lease.spec?.holderIdentity !== serverId));
        if (dead.length > 0 || due) await this.releaseDead(dead, due);
        if (due) checkAtMs = undefined;
      } catch (error) {
        // What this server cannot renew now, others may not be able to either.
        this.sightings.clear();
        logger.warn('could not renew the server lease', { error });
      }
      await sleep(clock, serverRenewMs, signal).catch(() => {});
    }
    const name = serverLeaseName(serverId);
    await client.delete(leases, { namespace: serverLeaseNamespace, name }).catch(() => {});
  }

  private async renew(address: string): Promise<void> {
    const { serverId, clock } = this.options;
    const spec = {
      holderIdentity: serverId,
      leaseDurationSeconds: serverLeaseSeconds,
      renewTime: rfc3339Micro(clock.now()),
    };
    const labels = { [serverLeaseLabel]: 'true' };
    const annotations = { [sessionAddressAnnotation]: address };
    await this.put(serverLeaseNamespace, serverLeaseName(serverId), { metadata: { labels, annotations }, spec });
  }

  private async servers(): Promise<V1Lease[]> {
    const labelSelector = `${serverLeaseLabel}=true`;
    return (await this.options.client.list(leases, { namespace: serverLeaseNamespace, labelSelector })).items;
  }

  /** Releases what dead servers held, and when `always`, whatever no living server holds. */
  private async releaseDead(suspects: readonly V1Lease[], always: boolean): Promise<void> {
    const { client, serverId, logger } = this.options;
    const gone = new Set<string | undefined>();
    for (const lease of suspects) if (await this.buried(lease)) gone.add(lease.spec?.holderIdentity);
    // A server is there before it holds anything: one that is missed in the later list held nothing in the earlier.
    const held = await client.list(leases, { namespace: nodeLeaseNamespace });
    const alive = new Set((await this.servers()).map((lease) => lease.spec?.holderIdentity));
    alive.add(serverId);
    for (const lease of held.items) {
      const holder = lease.spec?.holderIdentity;
      if (!holder || alive.has(holder)) continue;
      // Whoever else speaks for a node renews its Lease without a server; servers of before did not label theirs.
      const ours = lease.metadata?.labels?.[nodeSessionLabel] !== undefined;
      if (!gone.has(holder) && !(ours && always)) continue;
      logger.info('a node was held by a server that is gone', { node: lease.metadata?.name, server: holder });
      await this.release(lease.metadata?.name ?? '', holder);
    }
  }

  /** Removes the Lease of a dead server; false when it has come back to life. */
  private async buried({ metadata }: V1Lease): Promise<boolean> {
    const at = { namespace: serverLeaseNamespace, name: metadata?.name ?? '' };
    const preconditions = { resourceVersion: metadata?.resourceVersion };
    try {
      await this.options.client.delete(leases, at, { preconditions });
    } catch (error) {
      if (isStatus(error, 'Conflict')) return false;
      if (!isStatus(error, 'NotFound')) throw error;
    }
    return true;
  }

  private async put(namespace: string, name: string, wanted: Pick<V1Lease, 'metadata' | 'spec'>): Promise<void> {
    const { client } = this.options;
    const metadata = { ...wanted.metadata, name, namespace };
    const fresh: V1Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: wanted.spec };
    try {
      await client.create(leases, fresh);
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
      await client.patch(leases, { namespace, name }, { type: 'merge', body: wanted });
    }
  }
}

/**
 * How long each server's Lease has stood still while this server looked. Their times are not compared with the time
 * here: a store that has been away makes every Lease old.
 */
class Sightings {
  private readonly seen = new Map<string, { renewTime: string | undefined; sinceMs: number }>();
  private lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  clear(): void {
    this.seen.clear();
  }

  /** Those of the Leases, the only ones by now, that have stood still for their time. */
  look(servers: readonly V1Lease[]): V1Lease[] {
    const nowMs = this.clock.monotonic();
    if (nowMs - this.lookedAtMs > lookGapMsMax) this.clear();
    this.lookedAtMs = nowMs;
    const names = new Set(servers.map(({ metadata }) => metadata?.name ?? ''));
    for (const name of this.seen.keys()) if (!names.has(name)) this.seen.delete(name);
    return servers.filter((lease) => this.stoodStillMs(lease, nowMs) >= lifeMsOf(lease));
  }

  private stoodStillMs({ metadata, spec }: V1Lease, nowMs: number): number {
    const name = metadata?.name ?? '';
    const before = this.seen.get(name);
    if (before && before.renewTime === spec?.renewTime) return nowMs - before.sinceMs;
    this.seen.set(name, { renewTime: spec?.renewTime, sinceMs: nowMs });
    return 0;
  }
}

const lifeMsOf = (lease: V1Lease): number => (lease.spec?.leaseDurationSeconds ?? serverLeaseSeconds) * 1000;
