import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

/** Where volatile state stands; short, because a unix socket's path holds at most 107 bytes. */
export const runtimeRoot = '/run/berth';
const namespaceRoot = '/run/netns';

/** Eight hex digits that name the cluster whose data lives in `home`. */
export function clusterIdOf(home: string): string {
  return createHash('sha256').update(resolve(home)).digest('hex').slice(0, 8);
}

/** The names of everything that a cluster owns on its machine. */
export interface ClusterNames {
  clusterId: string;
  bridge: string;
  /** Without the hierarchy's mount point, with a leading slash. */
  cgroup: string;
  controlCgroup: string;
  nftTable: string;
  runDirectory: string;
  /** Marks the route that claims the cluster's pod range as this cluster's. */
  routeMetric: number;
}

/** Behind every route that somebody wants to be used, and apart for nearly all pairs of clusters. */
const routeMetricMin = 0xff000000;

export function clusterNames(clusterId: string): ClusterNames {
  const cgroup = `/berth-${clusterId}`;
  return {
    clusterId,
    bridge: `berth-${clusterId}`,
    cgroup,
    controlCgroup: `${cgroup}/control`,
    nftTable: `berth-${clusterId}-host`,
    runDirectory: `${runtimeRoot}/${clusterId}`,
    routeMetric: routeMetricMin + Number.parseInt(clusterId.slice(0, 4), 16),
  };
}

/** The names of what belongs to one node. */
export interface NodeNames {
  name: string;
  /** From 1; also the node's place in the address range. */
  index: number;
  namespace: string;
  namespacePath: string;
  /** The host's end of the node's link. */
  hostLink: string;
  cgroup: string;
  systemCgroup: string;
  podsCgroup: string;
  runDirectory: string;
}

export function nodeName(index: number): string {
  return `node-${index}`;
}

export function nodeNames(clusterId: string, index: number): NodeNames {
  const cluster = clusterNames(clusterId);
  const name = nodeName(index);
  const namespace = `berth-${clusterId}-${name}`;
  const cgroup = `${cluster.cgroup}/${name}`;
  return {
    name,
    index,
    namespace,
    namespacePath: `${namespaceRoot}/${namespace}`,
    hostLink: `b${clusterId}-${index}`,
    cgroup,
    systemCgroup: `${cgroup}/system`,
    podsCgroup: `${cgroup}/kubepods`,
    runDirectory: `${cluster.runDirectory}/${name}`,
  };
}
