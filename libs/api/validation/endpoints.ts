import { parseIp } from './addresses.ts';
import type { Rule } from './rule.ts';

/** An address that traffic can be sent to from anywhere in the cluster. */
export const endpointAddress: Rule<string> = (address, at) => {
  const ip = parseIp(address);
  if (!ip) return at.invalid('must be an IP address');
  const bytes = ip.family === 6 ? ip.bytes : [...ip.bytes];
  const [first = 0, second = 0, third = 0] = bytes;
  const last = bytes[bytes.length - 1];
  const leadingZeros = bytes.slice(0, -1).every((byte) => byte === 0);
  if (leadingZeros && last === 0) at.invalid('must not be the unspecified address');
  if (ip.family === 4 ? first === 127 : leadingZeros && last === 1) at.invalid('must not be a loopback address');
  const local = ip.family === 4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80;
  if (local) at.invalid('must not be a link-local address');
  const multicast =
    ip.family === 4 ? first === 224 && second === 0 && third === 0 : first === 0xff && (second & 0x0f) === 2;
  if (multicast) at.invalid('must not be a link-local multicast address');
};
