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
  constructor(private readonly options: LeasesOptions) {}

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
        await this.releaseDead(servers, due);
        if (due) checkAtMs = undefined;
      } catch (error) {
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
  private async releaseDead(servers: readonly V1Lease[], always: boolean): Promise<void> {
    const { client, clock, serverId, logger } = this.options;
    const dead = servers.filter((lease) => isDead(lease, clock.now()));
    if (dead.length === 0 && !always) return;
    const alive = new Set(servers.filter((lease) => !dead.includes(lease)).map((l) => l.spec?.holderIdentity));
    alive.add(serverId);
    const gone = new Set(dead.map((lease) => lease.spec?.holderIdentity));
    const held = await client.list(leases, { namespace: nodeLeaseNamespace });
    for (const lease of held.items) {
      const holder = lease.spec?.holderIdentity;
      if (!holder || alive.has(holder)) continue;
      // Whoever else speaks for a node renews its Lease without a server; servers of before did not label theirs.
      if (lease.metadata?.labels?.[nodeSessionLabel] === undefined && !gone.has(holder)) continue;
      logger.info('a node was held by a server that is gone', { node: lease.metadata?.name, server: holder });
      await this.release(lease.metadata?.name ?? '', holder);
    }
    for (const lease of dead) {
      const at = { namespace: serverLeaseNamespace, name: lease.metadata?.name ?? '' };
      await client.delete(leases, at).catch(() => {});
    }
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

function isDead(lease: V1Lease, nowMs: number): boolean {
  const renewed = Date.parse(lease.spec?.renewTime ?? '');
  const lifeMs = (lease.spec?.leaseDurationSeconds ?? serverLeaseSeconds) * 1000;
  return !(renewed + lifeMs > nowMs);
}
