import type { Action } from './actions.ts';
import type { NodeNames } from './names.ts';

/** Where systemd-resolved names the servers that it asks itself. */
export const resolvedServersPath = '/run/systemd/resolve/resolv.conf';

/** The nameservers of a resolv.conf, in order (resolv.conf(5)). */
export function nameservers(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1]!);
}

/**
 * A machine whose resolver is a program on its own loopback (systemd-resolved and the like) has one that nobody in a
 * node's network namespace can reach, and containerd could resolve no registry. Questions to it are sent to the
 * server behind it. No action when the machine names a server that can be reached, or none is known.
 */
export function resolverActions(node: NodeNames, resolvConf: string, behind: string): Action[] {
  const used = nameservers(resolvConf);
  const local = used.filter((address) => address.startsWith('127.'));
  const server = nameservers(behind).find((address) => /^\d+\./.test(address) && !address.startsWith('127.'));
  if (local.length === 0 || local.length < used.length || server === undefined) return [];
  const enter = ['nsenter', `--net=${node.namespacePath}`, '--'];
  return [
    {
      name: `name resolution of ${node.name}`,
      changes: [
        { run: [...enter, 'sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1'] },
        { run: [...enter, 'nft', '-f', '-'], input: resolverRules(local, server) },
      ],
      // The rules go with the namespace.
      undo: [{ run: [...enter, 'nft', 'delete', 'table', 'ip', 'berth-resolver'] }],
    },
  ];
}

function resolverRules(local: readonly string[], server: string): string {
  return `table ip berth-resolver
delete table ip berth-resolver
table ip berth-resolver {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr { ${local.join(', ')} } meta l4proto { tcp, udp } th dport 53 dnat to ${server}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 127.0.0.0/8 ip daddr ${server} masquerade
  }
}
`;
}
