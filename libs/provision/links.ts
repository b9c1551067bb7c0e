import type { Action } from './actions.ts';
import { firewallActions } from './firewall.ts';
import type { ClusterNames, NodeNames } from './names.ts';
import { type ClusterRanges, gatewayAddress, nodeAddress, prefixLength } from './ranges.ts';

/**
 * The bridge that joins the nodes, the host's routes and the way out to the world. Every action may be repeated over
 * what an earlier run left.
 */
export function bridgeActions(names: ClusterNames, ranges: ClusterRanges): Action[] {
  const gateway = `${gatewayAddress(ranges)}/${prefixLength(ranges.nodes)}`;
  const { bridge } = names;
  return [
    {
      name: 'bridge',
      changes: [
        // The link may stand from an earlier run; -force carries on past "File exists", the check below does not.
        shell(`ip link show ${bridge} >/dev/null 2>&1 || ip link add ${bridge} type bridge`),
        batch([
          `link set ${bridge} up`,
          `addr replace ${gateway} dev ${bridge}`,
          // Local programs may call services: the address must have a route before the rules rewrite it.
          `route replace ${ranges.services} dev ${bridge}`,
          // Claims the range, and keeps packets for absent pods from leaving the machine.
          `route replace unreachable ${ranges.pods} metric ${names.routeMetric}`,
        ]),
      ],
      undo: [
        { run: ['ip', 'link', 'del', bridge] },
        { run: ['ip', 'route', 'del', 'unreachable', ranges.pods, 'metric', String(names.routeMetric)] },
      ],
    },
    {
      name: 'forwarding',
      changes: [{ run: ['sysctl', '-qw', 'net.ipv4.ip_forward=1', `net.ipv4.conf.${bridge}.forwarding=1`] }],
    },
    {
      name: 'masquerade',
      changes: [{ run: ['nft', '-f', '-'], input: masqueradeRules(names, ranges) }],
      undo: [{ run: ['nft', 'delete', 'table', 'ip', names.nftTable] }],
    },
    ...firewallActions(names),
  ];
}

/** Packets of nodes and pods leave the machine under its own address; those within the cluster keep theirs. */
export function masqueradeRules(names: ClusterNames, ranges: ClusterRanges): string {
  const own = `{ ${ranges.nodes}, ${ranges.pods} }`;
  return `table ip ${names.nftTable}
delete table ip ${names.nftTable}
table ip ${names.nftTable} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${own} ip daddr != ${own} oifname != "${names.bridge}" masquerade
  }
}
`;
}

/** A node's network namespace and the link from it to the bridge. */
export function nodeLinkActions(cluster: ClusterNames, node: NodeNames, ranges: ClusterRanges): Action[] {
  const address = `${nodeAddress(ranges, node.index)}/${prefixLength(ranges.nodes)}`;
  return [
    {
      name: `network namespace of ${node.name}`,
      changes: [shell(`ip netns pids ${node.namespace} >/dev/null 2>&1 || { ${freshNamespace(node)}; }`)],
      undo: [
        { run: ['umount', node.namespacePath] },
        { remove: node.namespacePath },
        { run: ['ip', 'link', 'del', node.hostLink] },
      ],
    },
    {
      name: `link of ${node.name}`,
      changes: [
        shell(`ip -n ${node.namespace} link show eth0 >/dev/null 2>&1 || { ${freshLink(node)}; }`),
        batch([`link set ${node.hostLink} master ${cluster.bridge}`, `link set ${node.hostLink} up`]),
        batch(
          [
            'link set lo up',
            'link set eth0 up',
            `addr replace ${address} dev eth0`,
            `route replace default via ${gatewayAddress(ranges)}`,
          ],
          node.namespace,
        ),
        inNamespace(node, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']),
      ],
      undo: [{ run: ['ip', 'link', 'del', node.hostLink] }],
    },
  ];
}

/** A file in /run/netns that is not a namespace is what a half-finished `ip netns add` or a reboot leaves. */
function freshNamespace(node: NodeNames): string {
  return `umount ${node.namespacePath} 2>/dev/null; rm -f ${node.namespacePath}; ip netns add ${node.namespace}`;
}

function freshLink(node: NodeNames): string {
  const add = `ip link add ${node.hostLink} type veth peer name eth0 netns ${node.namespace}`;
  return `ip link del ${node.hostLink} 2>/dev/null; ${add}`;
}

function inNamespace(node: NodeNames, argv: string[]): { run: string[] } {
  return { run: ['nsenter', `--net=${node.namespacePath}`, '--', ...argv] };
}

function shell(script: string): { run: string[] } {
  return { run: ['/bin/sh', '-c', script] };
}

function batch(lines: string[], namespace?: string): { run: string[]; input: string } {
  const where = namespace === undefined ? [] : ['-n', namespace];
  return { run: ['ip', ...where, '-batch', '-'], input: `${lines.join('\n')}\n` };
}
