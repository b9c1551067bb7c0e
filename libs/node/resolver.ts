import { readFileSync } from 'node:fs';
import type { V1Pod } from '../api/gen/types.ts';
import type { NodeDns } from './options.ts';

export interface ResolverSettings {
  servers: string[];
  searches: string[];
  options: string[];
}

/** Limits of glibc's and Kubernetes' resolver configuration. */
const serversMax = 3;
/** The most search domains in a resolver configuration. */
const searchesMax = 32;

/** Reads a resolver configuration file; a missing one is empty. */
export function readResolvConf(path: string): ResolverSettings {
  const settings: ResolverSettings = { servers: [], searches: [], options: [] };
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return settings;
  }
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) settings.servers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain') settings.searches = values;
    if (keyword === 'options') settings.options.push(...values);
  }
  return settings;
}

function mergeOptions(base: string[], more: Array<{ name?: string; value?: string }>): string[] {
  const merged = new Map(base.map((option) => [option.split(':')[0] ?? option, option]));
  for (const { name, value } of more) if (name) merged.set(name, value ? `${name}:${value}` : name);
  return [...merged.values()];
}

function policyOf(pod: V1Pod): string {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'ClusterFirst' && pod.spec?.hostNetwork) return 'Default';
  return policy === 'ClusterFirstWithHostNet' ? 'ClusterFirst' : policy;
}

/** What a pod's /etc/resolv.conf says, by its dnsPolicy and dnsConfig. */
export function podDns(pod: V1Pod, dns: NodeDns): ResolverSettings {
  const policy = policyOf(pod);
  const base: ResolverSettings =
    policy === 'None' ? { servers: [], searches: [], options: [] } : readResolvConf(dns.resolvConf);
  if (policy === 'ClusterFirst') {
    const namespace = pod.metadata?.namespace ?? '';
    base.servers = [...dns.servers];
    base.searches = [`${namespace}.svc.${dns.domain}`, `svc.${dns.domain}`, dns.domain, ...base.searches];
    base.options = ['ndots:5'];
  }
  const own = pod.spec?.dnsConfig;
  return {
    servers: [...new Set([...base.servers, ...(own?.nameservers ?? [])])].slice(0, serversMax),
    searches: [...new Set([...base.searches, ...(own?.searches ?? [])])].slice(0, searchesMax),
    options: mergeOptions(base.options, own?.options ?? []),
  };
}
