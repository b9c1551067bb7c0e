import { readFile, writeFile } from 'node:fs/promises';
import type { V1Pod } from '../api/gen/types.ts';
import { podHostname } from './sandbox.ts';

const standard = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'fe00::\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

function aliasLines(pod: V1Pod): string[] {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0) return [];
  return [
    '',
    '# Entries added by HostAliases.',
    ...aliases.map(({ ip, hostnames }) => [ip, ...(hostnames ?? [])].join('\t')),
  ];
}

/** The text of a pod's /etc/hosts. `nodeHosts` is the node's own file, for pods on its network. */
export function hostsText(pod: V1Pod, podIps: readonly string[], domain: string, nodeHosts: string): string {
  if (pod.spec?.hostNetwork) {
    const lines = ['# Kubernetes-managed hosts file (host network).', nodeHosts.replace(/\n$/, ''), ...aliasLines(pod)];
    return `${lines.join('\n')}\n`;
  }
  const { hostname, domain: podDomain } = podHostname(pod, domain);
  const names = podDomain ? `${hostname}.${podDomain}\t${hostname}` : hostname;
  const own = podIps.map((ip) => `${ip}\t${names}`);
  return `${['# Kubernetes-managed hosts file.', ...standard, ...own, ...aliasLines(pod)].join('\n')}\n`;
}

export async function writeHosts(path: string, pod: V1Pod, podIps: readonly string[], domain: string): Promise<void> {
  const nodeHosts = pod.spec?.hostNetwork ? await readFile('/etc/hosts', 'utf8').catch(() => '') : '';
  await writeFile(path, hostsText(pod, podIps, domain, nodeHosts), { mode: 0o644 });
}
