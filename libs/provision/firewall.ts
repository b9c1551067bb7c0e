import type { Action } from './actions.ts';
import type { ClusterNames } from './names.ts';

const chain = 'ip filter FORWARD';

/**
 * Docker and some firewalls drop what is forwarded unless a rule of theirs accepts it. Where that is so, packets of the
 * cluster's bridge are accepted first. The rules are marked, so that they can be found and taken out again.
 */
export function firewallActions(names: ClusterNames): Action[] {
  const mark = JSON.stringify(names.bridge);
  const insert = ['iifname', 'oifname'].map(
    (side) => `nft insert rule ${chain} ${side} '${mark}' counter accept comment '${mark}'`,
  );
  const script = `rules=$(nft list chain ${chain} 2>/dev/null) || exit 0
case "$rules" in *'policy drop'*) ;; *) exit 0 ;; esac
case "$rules" in *'${names.bridge}'*) exit 0 ;; esac
${insert.join(' && ')}`;
  return [{ name: 'firewall', changes: [{ run: ['/bin/sh', '-c', script] }], undo: [removeFirewallRules(names)] }];
}

/** Takes the marked rules out. */
export function removeFirewallRules(names: ClusterNames): { run: string[] } {
  const script = `nft -a list chain ${chain} 2>/dev/null |
sed -n 's/.*comment "${names.bridge}".* # handle \\([0-9]*\\)$/\\1/p' |
while read -r handle; do nft delete rule ${chain} handle "$handle"; done`;
  return { run: ['/bin/sh', '-c', script] };
}
