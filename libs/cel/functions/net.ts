import {
  type Cidr,
  containsIp,
  formatIp,
  type IpAddress,
  isMappedIp4,
  parseCidr,
  parseIp,
} from '../../api/validation/addresses.ts';
import { type nominal, share, sizeOf, unitCosts, walks } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, int, string, type Type } from '../types.ts';
import { Opaque } from '../values.ts';
import type { Form } from './form.ts';

const ipType: Type = { kind: 'opaque', name: 'net.IP' };
const cidrType: Type = { kind: 'opaque', name: 'net.CIDR' };

class Ip extends Opaque {
  readonly typeName = 'net.IP';

  constructor(readonly address: IpAddress) {
    super();
  }

  equals(other: Opaque): boolean {
    return other instanceof Ip && formatIp(other.address) === formatIp(this.address);
  }
}

class Network extends Opaque {
  readonly typeName = 'net.CIDR';

  constructor(readonly range: Cidr) {
    super();
  }

  equals(other: Opaque): boolean {
    return other instanceof Network && networkText(other) === networkText(this);
  }
}

function networkText({ range }: Network): string {
  return `${formatIp(range.ip)}/${range.bits}`;
}

function ipOf(text: string): Ip {
  const address = parseIp(text);
  const quoted = JSON.stringify(text);
  if (!address) {
    if (text.includes('%')) throw new EvaluationError(`IP address ${quoted} with zone value is not allowed`);
    throw new EvaluationError(`IP Address ${quoted} parse error during conversion from string: unable to parse IP`);
  }
  if (isMappedIp4(address)) throw new EvaluationError(`IPv4-mapped IPv6 address ${quoted} is not allowed`);
  return new Ip(address);
}

function cidrOf(text: string): Network {
  const range = parseCidr(text);
  if (!range)
    throw new EvaluationError(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  if (isMappedIp4(range.ip))
    throw new EvaluationError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new Network(range);
}

function reads(read: (text: string) => unknown) {
  return (text: string): boolean => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
}

function masked({ range }: Network): Network {
  const bytes = range.ip.bytes.map(
    (byte, i) => byte & (0xff & ~(0xff >> Math.min(8, Math.max(0, range.bits - i * 8)))),
  );
  return new Network({ ...range, ip: { ...range.ip, bytes } });
}

function containsNetwork(outer: Network, inner: Network): boolean {
  return outer.range.bits <= inner.range.bits && containsIp(outer.range, inner.range.ip);
}

/** Whether an address lies in one of some ranges. */
function within(...ranges: string[]): (ip: Ip) => boolean {
  const parsed = ranges.map((range) => parseCidr(range)!);
  return ({ address }) => parsed.some((range) => containsIp(range, address));
}

const isUnspecified = within('0.0.0.0/32', '::/128');
const isLoopback = within('127.0.0.0/8', '::1/128');
const isMulticast = within('224.0.0.0/4', 'ff00::/8');
const isLinkLocalMulticast = within('224.0.0.0/24', 'ff02::/16', 'ff12::/16', 'ff22::/16', 'ff32::/16');
const isLinkLocalUnicast = within('169.254.0.0/16', 'fe80::/10');
const isBroadcast = within('255.255.255.255/32');

function isGlobalUnicast(ip: Ip): boolean {
  return ![isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast, isBroadcast].some((special) => special(ip));
}

const contains = (args: Parameters<typeof nominal>[0]) => ({ cost: share(sizeOf(args, 0), 2 * unitCosts.letter) });

const addresses: readonly Form[] = [
  { name: 'ip', params: [string], result: ipType, plain: true, call: ipOf, cost: walks() },
  { name: 'isIP', params: [string], result: bool, plain: true, call: reads(ipOf), cost: walks() },
  {
    ...{ name: 'ip.isCanonical', params: [string], result: bool, plain: true, cost: walks(2) },
    call: (text: string) => formatIp(ipOf(text).address) === text,
  },
  { name: 'family', params: [ipType], result: int, call: ({ address }: Ip) => BigInt(address.family) },
  { name: 'string', params: [ipType], result: string, plain: true, call: ({ address }: Ip) => formatIp(address) },
  ...Object.entries({ isUnspecified, isLoopback, isLinkLocalMulticast, isLinkLocalUnicast, isGlobalUnicast }).map(
    ([name, call]): Form => ({ name, params: [ipType], result: bool, call }),
  ),
];

const networks: readonly Form[] = [
  { name: 'cidr', params: [string], result: cidrType, plain: true, call: cidrOf, cost: walks() },
  { name: 'isCIDR', params: [string], result: bool, plain: true, call: reads(cidrOf), cost: walks() },
  { name: 'ip', params: [cidrType], result: ipType, call: ({ range }: Network) => new Ip(range.ip) },
  { name: 'prefixLength', params: [cidrType], result: int, call: ({ range }: Network) => BigInt(range.bits) },
  { name: 'masked', params: [cidrType], result: cidrType, call: masked },
  { name: 'string', params: [cidrType], result: string, plain: true, call: networkText },
  {
    ...{ name: 'containsIP', params: [cidrType, ipType], result: bool, cost: contains },
    call: ({ range }: Network, { address }: Ip) => containsIp(range, address),
  },
  {
    ...{ name: 'containsIP', params: [cidrType, string], result: bool, cost: contains },
    call: ({ range }: Network, text: string) => containsIp(range, ipOf(text).address),
  },
  { name: 'containsCIDR', params: [cidrType, cidrType], result: bool, call: containsNetwork, cost: contains },
  {
    ...{ name: 'containsCIDR', params: [cidrType, string], result: bool, cost: contains },
    call: (outer: Network, text: string) => containsNetwork(outer, cidrOf(text)),
  },
];

export const net: readonly Form[] = [...addresses, ...networks];
