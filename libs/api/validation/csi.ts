import { dnsSubdomain } from './names.ts';
import { type Rule, required } from './rule.ts';

const DRIVER_LENGTH_MAX = 63;

/** The name of a CSI driver: a DNS subdomain, in any case, of at most 63 characters. */
export const csiDriverName: Rule<string> = required((name, at) => {
  if (name.length > DRIVER_LENGTH_MAX) at.tooLong(DRIVER_LENGTH_MAX);
  for (const complaint of dnsSubdomain(name.toLowerCase())) at.invalid(complaint);
});
