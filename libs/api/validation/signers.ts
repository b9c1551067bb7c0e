import { dnsSubdomain, type NameCheck } from './names.ts';
import type { Rule } from './rule.ts';

const SIGNER_LENGTH_MAX = 571;
const SIGNER_PATH_LENGTH_MAX = 317;

export function isKubernetesSigner(name: string): boolean {
  const host = name.slice(0, Math.max(0, name.indexOf('/')));
  return host === 'kubernetes.io' || host.endsWith('.kubernetes.io');
}

/** `domain/path`: the domain a DNS subdomain of two labels or more, the path DNS subdomains in dots. */
export const signerName: Rule<string> = (name, at) => {
  if (name === '') return at.required();
  const parts = name.split('/');
  if (parts.length !== 2) return at.invalid("must be a domain, '/' and a path");
  const [domain, path] = parts as [string, string];
  for (const complaint of dnsSubdomain(domain)) at.invalid(`the domain ${complaint}`);
  if (!domain.includes('.')) at.invalid('the domain must have two labels or more');
  if (path.length > SIGNER_PATH_LENGTH_MAX) at.tooLong(SIGNER_PATH_LENGTH_MAX);
  for (const segment of path.split('.')) {
    if (dnsSubdomain(segment).length > 0) at.invalid('the path must be DNS labels separated by dots');
  }
  if (name.length > SIGNER_LENGTH_MAX) at.tooLong(SIGNER_LENGTH_MAX);
};

/** Names of ClusterTrustBundles: `signer:domain:path:name` when they belong to a signer. */
export const trustBundleName: NameCheck = (name) => {
  const parts = name.split(':');
  return dnsSubdomain(parts.length > 1 ? parts[parts.length - 1]! : name);
};
