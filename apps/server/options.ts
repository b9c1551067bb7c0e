/** What one control plane process needs to know. */
export interface ServerOptions {
  /** BERTH_HOME. */
  home: string;
  port: number;
  /** Address to listen on; all when absent. */
  host?: string;
  /** `embedded` or `etcd=URL[,URL]`. */
  store: string;
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
  /** Grace for pods on nodes that are gone, in seconds, when they say nothing else. */
  defaultTolerationSeconds?: number;
}
