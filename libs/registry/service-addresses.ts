import { StatusError } from '../base/status.ts';

/** An IPv4 range such as `10.96.0.0/16`, from which the first and the last address are never handed out. */
export class AddressRange {
  readonly first: number;
  readonly size: number;

  constructor(readonly cidr: string) {
    const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr);
    const base = match ? parseAddress(match[1]!) : undefined;
    if (!match || base === undefined) throw new StatusError('BadRequest', `${cidr} is not an IPv4 range`);
    this.size = 2 ** (32 - Number(match[2])) - 2;
    this.first = base + 1;
  }

  /** The address at an index from 0 on. */
  at(index: number): string {
    return formatAddress(this.first + index);
  }

  contains(address: string): boolean {
    const number = parseAddress(address);
    return number !== undefined && number >= this.first && number < this.first + this.size;
  }
}

export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function formatAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** The low part of the range is left to addresses that people choose themselves, as upstream does. */
export function reservedLowAddresses(size: number): number {
  return Math.min(Math.max(16, Math.floor(size / 16)), 256);
}
