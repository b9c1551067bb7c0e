import type { Resource } from '../../libs/api/meta.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Metrics } from '../../libs/base/metrics.ts';
import type { Random } from '../../libs/base/random.ts';
import type { Client } from '../../libs/client/client.ts';
import type { CertificateAuthority } from '../../libs/controllers/certificates/reconcile.ts';

export interface ControllersOptions {
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
  /** The cluster's certificate authority in PEM, published to every namespace. Absent: not published. */
  rootCa?: string;
  /** Signs certificates for approved requests. Absent: nobody does. */
  authority?: CertificateAuthority;
  /** Signs the tokens that lie in secrets. Absent: nobody does. */
  signToken?: (claims: object) => string;
  /** The network of all pods; 10.244.0.0/16 when absent. */
  clusterCidr?: string;
  /** The length of a node's prefix in it; 24 when absent. */
  nodeMaskBits?: number;
  /** How often autoscalers look at the metrics; 15 s when absent. */
  autoscalerPeriodMs?: number;
  /** How long events are kept; 1 h when absent. */
  eventLifetimeMs?: number;
  /** Every kind that can be listed and deleted; the built-in ones when absent. */
  resources?: () => readonly Resource[];
  /** Names this process among several over one store: only the one that holds the lease works. Absent: no lease. */
  identity?: string;
  /** Names of controllers that shall not run, such as `node-lifecycle`. */
  disabled?: readonly string[];
}

export interface Controllers {
  /** Resolves when all caches are synced and the workers run; with a lease, at once. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}
