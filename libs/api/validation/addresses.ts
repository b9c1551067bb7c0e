import type { Rule } from './rule.ts';

export interface IpAddress {
  family: 4 | 6;
  /** 4 or 16 bytes. */
  bytes: readonly number[];
}

/** Parses an IP address strictly: no leading zeros, no zone. Undefined when it is none. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIp6(text) : parseIp4(text);
}

function parseIp4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes.push(Number(part));
  }
  return { family: 4, bytes };
}

function parseIp6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return { family: 6, bytes: [...head, ...new Array<number>(missing).fill(0), ...tail] };
}

function groups(text: string, mayEndInIp4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const bytes: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (mayEndInIp4 && i === parts.length - 1 && part.includes('.')) {
      const last = parseIp4(part);
      if (!last) return undefined;
      bytes.push(...last.bytes);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      const word = Number.parseInt(part, 16);
      bytes.push(word >> 8, word & 255);
    }
  }
  return bytes;
}

/** Whether an IPv6 address only wraps an IPv4 one (::ffff:1.2.3.4), which the API refuses. */
export function isMappedIp4(ip: IpAddress): boolean {
  const { bytes } = ip;
  return ip.family === 6 && bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
}

export interface Cidr {
  ip: IpAddress;
  /** Length of the prefix in bits. */
  bits: number;
}

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!ip || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const bits = Number(length);
  return bits <= ip.bytes.length * 8 ? { ip, bits } : undefined;
}

/** Whether the address has bits set beyond the prefix. */
export function hasHostBits(cidr: Cidr): boolean {
  return cidr.ip.bytes.some((byte, i) => {
    const kept = Math.min(8, Math.max(0, cidr.bits - i * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}

/** Whether an address or a narrower range lies within the range. */
export function containsIp(range: Cidr, ip: IpAddress): boolean {
  if (range.ip.family !== ip.family) return false;
  return range.ip.bytes.every((byte, i) => {
    const kept = Math.min(8, Math.max(0, range.bits - i * 8));
    const mask = 0xff & ~(0xff >> kept);
    return (byte & mask) === ((ip.bytes[i] ?? 0) & mask);
  });
}

export const ipAddress: Rule<string> = (value, at) => {
  const ip = parseIp(value);
  if (!ip) at.invalid('must be an IP address, such as 10.9.8.7 or 2001:db8::ffff');
  else if (isMappedIp4(ip)) at.invalid('must not be an IPv4 address mapped into IPv6');
};

export const cidrBlock: Rule<string> = (value, at) => {
  const cidr = parseCidr(value);
  if (!cidr) at.invalid('must be a CIDR block, such as 10.9.8.0/24 or 2001:db8::/64');
  else if (isMappedIp4(cidr.ip)) at.invalid('must not have an IPv4 address mapped into IPv6');
  else if (hasHostBits(cidr)) at.invalid('must not have bits set beyond the prefix');
};

/** Text of an address in the form of RFC 5952. */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) return ip.bytes.join('.');
  const words = Array.from({ length: 8 }, (_, i) => ((ip.bytes[i * 2]! << 8) | ip.bytes[i * 2 + 1]!).toString(16));
  const [start, length] = longestZeros(words);
  if (length < 2) return words.join(':');
  return `${words.slice(0, start).join(':')}::${words.slice(start + length).join(':')}`;
}

function longestZeros(words: readonly string[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let i = 0; i < words.length; i++) {
    let end = i;
    while (words[end] === '0') end++;
    if (end - i > best[1]) best = [i, end - i];
    if (end > i) i = end;
  }
  return best;
}
