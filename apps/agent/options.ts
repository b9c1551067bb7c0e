import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Metrics } from '../../libs/base/metrics.ts';
import type { Random } from '../../libs/base/random.ts';

/** How an agent that has no identity yet gets one. */
export interface JoinOptions {
  /** A bootstrap token: `<id>.<secret>`. */
  token: string;
  /** `sha256:<hex>` of the cluster authority's public key. */
  caHash: string;
}

export interface AgentOptions {
  /** URLs of the API servers, such as https://127.0.0.1:6443; node sessions are one port above. */
  servers: readonly string[];
  /** The node's name. */
  name: string;
  /** The agent's directory: identity (agent.crt, agent.key, ca.crt), pod volumes, the private containerd's root. */
  home: string;
  /** Directory of sockets and short-lived state; its path must leave room for socket names (107 bytes in all). */
  run: string;
  /** Needed while `home` holds no identity. */
  join?: JoinOptions;
  /** The address that other nodes reach this one by; found from the route to the server when absent. */
  nodeIp?: string;
  /** Socket of a containerd to share, or `private` for one of the agent's own. */
  containerd: string;
  /** CPUs that the node offers; all of the machine's when absent. */
  cpus?: number;
  /** Memory that the node offers, in bytes; all of the machine's when absent. */
  memoryBytes?: number;
  /** The cgroup that everything of the node lives under, such as /berth/c1/node-1. */
  cgroup: string;
  labels: Record<string, string>;
  maxPods?: number;
  /** Where `/metrics` and `/healthz` are served besides the API server's node proxy, such as 127.0.0.1:9100. */
  metricsAddress?: string;
  /** Addresses of all pods; `10.244.0.0/16` when absent. */
  clusterCidr?: string;
  /** `10.96.0.10` and `cluster.local` when absent. */
  clusterDns?: string;
  clusterDomain?: string;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
  metrics?: Metrics;
  /** The process's metrics in Prometheus text form. */
  metricsText?: () => Promise<string>;
}

export interface Agent {
  /** Ends the session and the watches; containers go on running and the next start adopts them. */
  stop(): Promise<void>;
}
