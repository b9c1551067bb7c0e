import { dnsSubdomain, qualifiedName } from './names.ts';
import { type Rule, required } from './rule.ts';

const DRIVER_LENGTH_MAX = 63;
const PARAMETERS_MAX = 512;
const PARAMETERS_BYTES_MAX = 256 * 1024;

/** The name of a CSI driver: a DNS subdomain, in any case, of at most 63 characters. */
export const csiDriverName: Rule<string> = required((name, at) => {
  if (name.length > DRIVER_LENGTH_MAX) at.tooLong(DRIVER_LENGTH_MAX);
  for (const complaint of dnsSubdomain(name.toLowerCase())) at.invalid(complaint);
});

/** Who makes volumes: a qualified name, whatever its case. */
export const provisioner: Rule<string> = required((name, at) => {
  for (const complaint of qualifiedName(name.toLowerCase())) at.invalid(complaint);
});

/** Parameters that a provisioner reads. */
export const storageParameters: Rule<Readonly<Record<string, string>>> = (map, at) => {
  const entries = Object.entries(map);
  if (entries.length > PARAMETERS_MAX) return at.tooLong(PARAMETERS_MAX);
  if ('' in map) at.invalid('names must not be empty');
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > PARAMETERS_BYTES_MAX) at.tooLong(PARAMETERS_BYTES_MAX);
};
