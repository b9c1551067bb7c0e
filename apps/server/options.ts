import type { AuditFlags } from '../../libs/audit/open.ts';

/** What one control plane process needs to know. */
export interface ServerOptions {
  /** BERTH_HOME. */
  home: string;
  port: number;
  /** Address to listen on; all when absent. */
  host?: string;
  /** `embedded` or `etcd=URL[,URL]`. */
  store: string;
  /** A file with what all servers over one shared store know. Absent: their certificates were brought together by hand. */
  clusterSecretFile?: string;
  /** The address by which nodes and pods reach this server; that of the machine's default route when absent. */
  advertiseAddress?: string;
  /** More names and addresses for the certificate. */
  names: string[];
  podCidr: string;
  serviceCidr: string;
  /** Nodes of this machine that get their identity from here, without a token. */
  localNodes: string[];
  /** The bridge of the nodes of this machine: services, node ports and pods are made to answer here too. */
  bridge?: string;
  /** A file of tokens that are always good. */
  tokenAuthFile?: string;
  /** Absent: requests are not noted. */
  audit?: AuditFlags;
  /** Grace for pods on nodes that are gone, in seconds, when they say nothing else. */
  defaultTolerationSeconds?: number;
  /** A file with the scheduler's profiles; the default one alone when absent. */
  schedulerConfig?: string;
  /** Controllers that shall not run. Without `node-lifecycle`, Node objects count as nodes that are ready. */
  disabledControllers?: readonly string[];
}
