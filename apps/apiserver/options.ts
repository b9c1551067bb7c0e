import type { Auditor } from '../../libs/audit/auditor.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Metrics } from '../../libs/base/metrics.ts';
import type { Random } from '../../libs/base/random.ts';
import type { Binder, Client, Evictor } from '../../libs/client/client.ts';
import type { ClusterPki } from '../../libs/pki/cluster.ts';
import type { UsageBoard } from '../../libs/registry/usage.ts';
import type { Store } from '../../libs/store/store.ts';
import type { ApiServerExtension } from './extension.ts';

/** PEM texts. */
export interface ApiServerPki {
  /** Signs the client certificates that are accepted; also what kube-root-ca.crt shows. */
  caCertificate: string;
  serverCertificate: string;
  serverKey: string;
  /** What aggregated API servers know this one by. Absent: they do not. */
  front?: { caCertificate: string; certificate: string; key: string };
  /** Private key (EC P-256 or RSA) that signs service account tokens. */
  serviceAccountKey: string;
}

/** What an API server takes of its cluster's keys. */
export function apiServerPki({ ca, apiserver, serviceAccount, frontCa, front }: ClusterPki): ApiServerPki {
  return {
    caCertificate: ca.certificate,
    serverCertificate: apiserver.certificate,
    serverKey: apiserver.key,
    serviceAccountKey: serviceAccount.privateKey,
    front: { caCertificate: frontCa.certificate, ...front },
  };
}

export interface ApiServerOptions {
  store: Store;
  /** Whether other processes write to the store too (etcd): consistent reads then ask it for its newest revision. */
  storeShared?: boolean;
  pki: ApiServerPki;
  /** Address to listen on; all when absent. */
  host?: string;
  /** 0 lets the system choose. */
  port: number;
  /** The address under which pods reach this server, for the endpoints of the kubernetes Service; none when absent. */
  advertiseAddress?: string;
  /** `cluster.local` when absent. */
  clusterDomain?: string;
  /** `10.96.0.0/16` when absent. */
  serviceCidr?: string;
  /** How long pods tolerate a lost node when they do not say; 300 when absent. */
  evictionTolerationSeconds?: number;
  /** Whether new nodes take no pods until a controller has found them ready; true when absent. */
  taintsNewNodes?: boolean;
  /** Lines of token, user, uid and groups: tokens that are always good. */
  staticTokens?: string;
  /** Notes requests; its opener closes it. */
  auditor?: Auditor;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
  metrics?: Metrics;
  /** The process's metrics in Prometheus text form, for `/metrics`. */
  metricsText?: () => Promise<string>;
  extensions?: readonly ApiServerExtension[];
}

export interface ApiServer {
  /** Acts as the control plane itself. */
  client: Client;
  binder: Binder;
  evictor: Evictor;
  usage: UsageBoard;
  /** `https://127.0.0.1:6443` */
  url: string;
  port: number;
  /** Watches end, requests under way finish, then extensions stop. The store stays open: its opener closes it. */
  stop(): Promise<void>;
}
