import type { V1Service, V1ServiceSpec } from '../../gen/types.ts';
import { ipAddress, parseIp } from '../../validation/addresses.ts';
import type { UpdateRule } from '../../validation/object.ts';
import type { Report } from '../../validation/report.ts';
import { below } from '../../validation/rule.ts';
import { isHeadless, needsClusterIp } from './shape.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** clusterIP and the first of clusterIPs are one; families and their policy fit. */
export function clusterAddresses(spec: V1ServiceSpec, at: Report): void {
  if (!needsClusterIp(spec)) return;
  const ips = spec.clusterIPs ?? [];
  if (spec.clusterIP && ips.length === 0) at.required('', 'clusterIPs');
  else if (spec.clusterIP && ips[0] !== spec.clusterIP) at.invalid('the first must be clusterIP', 'clusterIPs');
  else if (!spec.clusterIP && ips.length > 0) at.invalid('must be empty without clusterIP', 'clusterIPs');
  spec.ipFamilies?.forEach((family, i) => {
    if (!FAMILIES.includes(family)) at.notSupported(FAMILIES, 'ipFamilies', i);
    if (spec.ipFamilies!.indexOf(family) < i) at.duplicate(family, 'ipFamilies', i);
  });
  const policy = spec.ipFamilyPolicy;
  if (policy !== undefined && !FAMILY_POLICIES.includes(policy)) at.notSupported(FAMILY_POLICIES, 'ipFamilyPolicy');
  if (soundIps(ips, at)) familiesFit(spec, ips, at);
}

function soundIps(ips: readonly string[], at: Report): boolean {
  const before = at.count;
  at.enter('clusterIPs');
  ips.forEach((ip, i) => {
    if (i > 0 || ip !== 'None') below(at, i, ip, ipAddress, undefined);
    else if (ips.length > 1) at.invalid("'None' stands alone");
  });
  const sound = at.count === before;
  if (ips.length > 2) at.invalid('at most two addresses');
  at.leave();
  return sound;
}

function familyOf(ip: string): string {
  return parseIp(ip)?.family === 6 ? 'IPv6' : 'IPv4';
}

function familiesFit(spec: V1ServiceSpec, ips: readonly string[], at: Report): void {
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < 2) at.invalid('one address of each family', 'clusterIPs');
  if (isHeadless(spec)) return;
  ips.forEach((ip, i) => {
    const family = spec.ipFamilies?.[i];
    if (FAMILIES.includes(family ?? '') && family !== familyOf(ip)) at.invalid(`must be ${family}`, 'clusterIPs', i);
  });
}

/** The first address stays as long as there is one; the second may come and go. */
export const addressesStay: UpdateRule<V1Service> = (service, previous, at) => {
  const [spec, before] = [service.spec!, previous.spec!];
  if (!needsClusterIp(spec) || !needsClusterIp(before)) return;
  if (isHeadless(spec) && isHeadless(before)) return;
  listStays(spec, before, 'clusterIPs', at);
  if (isHeadless(spec) === isHeadless(before)) listStays(spec, before, 'ipFamilies', at);
};

function listStays(spec: V1ServiceSpec, before: V1ServiceSpec, name: 'clusterIPs' | 'ipFamilies', at: Report): void {
  const now = spec[name] ?? [];
  const old = before[name] ?? [];
  if (now.length === old.length) {
    old.forEach((value, i) => {
      if (value !== now[i]) at.invalid('may not change', 'spec', name, name === 'clusterIPs' ? i : 0);
    });
    return;
  }
  if (now.length === 0) at.invalid('the first cannot be taken back', 'spec', name, 0);
  else if (old.length > 0 && now[0] !== old[0]) at.invalid('may not change', 'spec', name, 0);
  if (now.length === 1 && old.length === 2 && spec.ipFamilyPolicy !== 'SingleStack') {
    at.invalid('must be SingleStack to release the second', 'spec', 'ipFamilyPolicy');
  }
}
