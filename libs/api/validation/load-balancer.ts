import type { V1LoadBalancerStatus } from '../gen/types.ts';
import { ipAddress, parseIp } from './addresses.ts';
import { dnsSubdomain } from './names.ts';
import type { Report } from './report.ts';
import { below } from './rule.ts';

const IP_MODES = ['Proxy', 'VIP'];

/** The addresses that a load balancer was given. Stands at the status. */
export function loadBalancerStatus(status: V1LoadBalancerStatus | undefined, type: string | undefined, at: Report) {
  const ingress = status?.ingress ?? [];
  if (type !== 'LoadBalancer' && ingress.length > 0) return at.forbidden('goes with LoadBalancer only', 'ingress');
  at.enter('ingress');
  ingress.forEach(({ ip, ipMode, hostname }, i) => {
    at.enter(i);
    below(at, 'ip', ip || undefined, ipAddress, undefined);
    if (ipMode === undefined) {
      if (ip) at.required('needed by ip', 'ipMode');
    } else if (!ip) at.forbidden('needs ip', 'ipMode');
    else if (!IP_MODES.includes(ipMode)) at.notSupported(IP_MODES, 'ipMode');
    hostnameOf(hostname, at);
    at.leave();
  });
  at.leave();
}

export function hostnameOf(hostname: string | undefined, at: Report): void {
  if (!hostname) return;
  for (const complaint of dnsSubdomain(hostname)) at.invalid(complaint, 'hostname');
  if (parseIp(hostname)) at.invalid('must be a name and not an address', 'hostname');
}
