import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { childrenOf, killTree, removeTree } from './cgroup-tree.ts';
import { hierarchies } from './cgroups.ts';
import { removeFirewallRules } from './firewall.ts';
import type { Home } from './home.ts';
import { unmountBelow } from './mounts.ts';
import { type ClusterNames, clusterNames, nodeNames } from './names.ts';
import { type NodeContext, removeNode } from './node.ts';

/** What stands on the machine in the name of one cluster. */
export interface Leftovers {
  /** Numbers of nodes that left anything. */
  nodes: number[];
  bridge: boolean;
  tables: string[];
  cgroups: boolean;
}

/** Looks for everything that carries the cluster's id. */
export async function findLeftovers(clusterId: string, context: NodeContext): Promise<Leftovers> {
  const { machine } = context;
  const names = clusterNames(clusterId);
  const [links, namespaces, tables, folders, groups] = await Promise.all([
    machine.run(['ip', '-o', 'link', 'show']),
    readdir('/run/netns').catch((): string[] => []),
    machine.run(['nft', 'list', 'tables']).catch(() => ''),
    readdir(names.runDirectory).catch((): string[] => []),
    cgroupChildren(names, context),
  ]);
  const found = [...namespaces, ...folders, ...groups, ...links.split('\n')];
  return {
    nodes: nodeNumbers(clusterId, found),
    bridge: links.includes(` ${names.bridge}:`),
    tables: tablesOf(clusterId, tables),
    cgroups: groups !== undefined && groups.length > 0,
  };
}

/** The nodes that namespaces, links, folders or groups of these names belong to. */
export function nodeNumbers(clusterId: string, names: readonly string[]): number[] {
  const pattern = new RegExp(`^(?:berth-${clusterId}-)?node-(\\d+)$|\\bb${clusterId}-(\\d+)[@:]`);
  const numbers = names.map((name) => pattern.exec(name)).filter((match) => match !== null);
  return [...new Set(numbers.map((match) => Number(match[1] ?? match[2])))].sort((a, b) => a - b);
}

/** `family name` of each nftables table of the cluster, from `nft list tables`. */
export function tablesOf(clusterId: string, listing: string): string[] {
  return listing
    .split('\n')
    .map((line) => line.trim().replace(/^table /, ''))
    .filter((table) => table.split(' ')[1]?.startsWith(`berth-${clusterId}`));
}

async function cgroupChildren(names: ClusterNames, context: NodeContext): Promise<string[]> {
  const lists = await Promise.all(hierarchies(context.cgroups).map((mount) => childrenOf(join(mount, names.cgroup))));
  return lists.flat();
}

export interface SweptCluster {
  clusterId: string;
  home: Home;
  /** The range whose routes go too. */
  podRange: string | undefined;
}

/** Kills and removes everything of the cluster on this machine except its data. Safe to repeat. */
export async function sweepCluster(of: SweptCluster, context: NodeContext): Promise<void> {
  const { clusterId, home, podRange } = of;
  const { machine, cgroups, clock } = context;
  const names = clusterNames(clusterId);
  const found = await findLeftovers(clusterId, context);
  const nodes = found.nodes.map((index) => nodeNames(clusterId, index));
  await killTree(cgroups, names.cgroup, clock);
  await Promise.all(nodes.map((node) => removeNode(node, home.node(node.name), context)));
  await unmountBelow(machine, names.runDirectory);
  for (const table of found.tables) await machine.run(['nft', 'delete', 'table', ...table.split(' ')]).catch(() => {});
  await machine.run(removeFirewallRules(names).run).catch(() => {});
  if (found.bridge) await machine.run(['ip', 'link', 'del', names.bridge]).catch(() => {});
  if (podRange !== undefined) await machine.run(['ip', 'route', 'flush', 'root', podRange]).catch(() => {});
  if (podRange !== undefined) await machine.run(['ip', 'route', 'del', 'unreachable', podRange]).catch(() => {});
  await removeTree(cgroups, names.cgroup);
  await machine.remove(names.runDirectory);
}
