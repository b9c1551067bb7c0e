import { formatIp, hasHostBits, parseCidr, parseIp } from '../validation/addresses.ts';

/** Advice about addresses that are not written as everybody writes them. */
export function ipWarnings(field: string, addresses: readonly string[] | undefined): string[] {
  return (addresses ?? []).flatMap((address, i) => {
    const ip = parseIp(address);
    return ip && formatIp(ip) !== address ? [`${field}[${i}]: ${address} should be written ${formatIp(ip)}`] : [];
  });
}

export function cidrWarnings(field: string, ranges: readonly string[] | undefined): string[] {
  return (ranges ?? []).flatMap((range, i) => {
    const cidr = parseCidr(range);
    if (!cidr) return [];
    if (hasHostBits(cidr)) return [`${field}[${i}]: ${range} has bits beyond its prefix`];
    const written = `${formatIp(cidr.ip)}/${cidr.bits}`;
    return written === range ? [] : [`${field}[${i}]: ${range} should be written ${written}`];
  });
}
