import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { StatusError } from '../../base/status.ts';

/** How long one upstream server may take before the next is asked. */
const upstreamTimeoutMs = 2_000;

/** Sends a query as it came to one server and resolves to its answer, both in wire form. */
export type AskUpstream = (query: Buffer, overTcp: boolean) => Promise<Buffer>;

/** Asks the given servers (`ip` or `ip:port`) one after the other until one answers. */
export function upstreamServers(servers: readonly string[]): AskUpstream {
  return async (query, overTcp) => {
    let failure: unknown = new StatusError('ServiceUnavailable', 'no upstream DNS server is configured');
    for (const server of servers) {
      try {
        return await (overTcp ? askTcp(server, query) : askUdp(server, query));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };
}

/** The name servers of a resolv.conf, without those on the loopback (a pod's namespace has another one). */
export function nameserversOf(resolvConf: string, exclude: readonly string[] = []): string[] {
  return resolvConf
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1])
    .filter((ip): ip is string => ip !== undefined && !ip.startsWith('127.') && !exclude.includes(ip));
}

/** Where systemd-resolved notes the real servers behind its stub on 127.0.0.53. */
const resolvConfFiles = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The machine's name servers; empty when none can be used from a pod. */
export function machineNameservers(exclude: readonly string[] = []): string[] {
  for (const file of resolvConfFiles) {
    try {
      const servers = nameserversOf(readFileSync(file, 'utf8'), exclude);
      if (servers.length > 0) return servers;
    } catch {
      // A machine without this file has no servers to offer here.
    }
  }
  return [];
}

function split(server: string): { host: string; port: number } {
  const [host = '', port = '53'] = server.split(':');
  return { host, port: Number(port) };
}

function askUdp(server: string, query: Buffer): Promise<Buffer> {
  const { host, port } = split(server);
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const finish = (error: Error | undefined, answer?: Buffer) => {
      clear.removeEventListener('abort', onTimeout);
      socket.close();
      if (answer) resolve(answer);
      else reject(error);
    };
    const clear = AbortSignal.timeout(upstreamTimeoutMs);
    const onTimeout = () => finish(new StatusError('Timeout', `DNS server ${server} did not answer`));
    clear.addEventListener('abort', onTimeout, { once: true });
    socket.once('error', (error) => finish(error));
    socket.on('message', (answer) => {
      if (answer.length >= 2 && answer.readUInt16BE(0) === query.readUInt16BE(0)) finish(undefined, answer);
    });
    socket.send(query, port, host);
  });
}

function askTcp(server: string, query: Buffer): Promise<Buffer> {
  const { host, port } = split(server);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host, port, timeout: upstreamTimeoutMs });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new StatusError('Timeout', `DNS server ${server} did not answer`)));
    socket.once('end', () => fail(new StatusError('ServiceUnavailable', `DNS server ${server} closed the connection`)));
    socket.on('data', (part) => {
      parts.push(part);
      const all = Buffer.concat(parts);
      if (all.length < 2 || all.length < 2 + all.readUInt16BE(0)) return;
      socket.destroy();
      resolve(all.subarray(2, 2 + all.readUInt16BE(0)));
    });
    socket.write(Buffer.concat([lengthPrefix(query), query]));
  });
}

/** DNS over TCP sends each message behind its length in two bytes (RFC 1035, 4.2.2). */
export function lengthPrefix(message: Buffer): Buffer {
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(message.length);
  return prefix;
}
