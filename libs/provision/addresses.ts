import { hostname, networkInterfaces } from 'node:os';

/** Every IPv4 address of this machine, and its name: what clients may call the server. */
export function ownNames(): { names: string[]; ips: string[] } {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const ips = addresses.filter((address) => address.family === 'IPv4').map((address) => address.address);
  return { names: [hostname().toLowerCase()], ips: [...new Set(ips)].sort() };
}

/** The first address that is not a loopback; 127.0.0.1 on a machine without a network. */
export function mainAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1';
}
