import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { Logger } from '../../base/log.ts';
import { type Resolution, resolve } from './resolver.ts';
import { type AskUpstream, lengthPrefix } from './upstream.ts';
import type { Zone } from './zone.ts';

/** The largest UDP answer for a client that offers no more (RFC 1035, 4.2.1). */
const udpBytesMax = 512;
/** The largest UDP answer for a client that offers more; fits every common path without fragments. */
const ednsBytesMax = 1232;
/** A TCP client that says nothing for this long is cut off. */
const tcpIdleMsMax = 10_000;
/** Queries waiting for upstream servers; beyond it clients get SERVFAIL at once. */
const pendingUpstreamMax = 512;

const serverFailure = 2;
const nameError = 3;

export interface DnsServerOptions {
  address: string;
  port?: number;
  domain: string;
  zone: () => Zone;
  /** Whether the zone is known; may wait for it. Until it is, no name of the cluster may be said not to exist. */
  ready?: () => Promise<boolean>;
  upstream: AskUpstream;
  logger: Logger;
}

/** Answers for the cluster's zone and hands every other question to the machine's own resolvers. */
export class DnsServer {
  private readonly udp: UdpSocket = createSocket({ type: 'udp4', reuseAddr: true });
  private readonly tcp: Server = createServer((socket) => this.onConnection(socket));
  private readonly connections = new Set<Socket>();
  private pendingUpstream = 0;

  constructor(private readonly options: DnsServerOptions) {
    this.udp.on('message', (query, from) => void this.onDatagram(query, from));
    this.udp.on('error', (error) => options.logger.warn('DNS socket failed', { error: error.message }));
  }

  async start(): Promise<void> {
    const { address, port = 53 } = this.options;
    await new Promise<void>((done, fail) => {
      this.udp.once('error', fail);
      this.udp.bind(port, address, () => {
        this.udp.off('error', fail);
        done();
      });
    });
    await new Promise<void>((done, fail) => {
      this.tcp.once('error', fail);
      this.tcp.listen(port, address, () => done());
    });
  }

  async stop(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await Promise.all([
      new Promise<void>((done) => this.udp.close(() => done())),
      new Promise<void>((done) => this.tcp.close(() => done())),
    ]);
  }

  private async onDatagram(query: Buffer, from: RemoteInfo): Promise<void> {
    const answer = await this.answer(query, false);
    if (answer) this.udp.send(answer, from.port, from.address);
  }

  private onConnection(socket: Socket): void {
    this.connections.add(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.setTimeout(tcpIdleMsMax, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.connections.delete(socket));
    socket.on('data', async (part) => {
      rest = Buffer.concat([rest, part]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const query = rest.subarray(2, 2 + rest.readUInt16BE(0));
        rest = rest.subarray(2 + query.length);
        const answer = await this.answer(query, true);
        if (answer && !socket.destroyed) socket.write(Buffer.concat([lengthPrefix(answer), answer]));
      }
    });
  }

  /** The answer in wire form; undefined for what is not a query at all. */
  private async answer(query: Buffer, overTcp: boolean): Promise<Buffer | undefined> {
    let packet: Packet;
    try {
      packet = decode(query);
    } catch {
      return undefined;
    }
    const question = packet.questions?.[0];
    if (packet.type !== 'query' || !question) return undefined;
    const { domain, ready } = this.options;
    if (ready && isOurs(question.name, domain) && !(await ready())) return failure(packet);
    const found = resolve(this.options.zone(), this.options.domain, question);
    if (!found) return this.forward(query, packet, overTcp);
    if (found.follow) found.answers.push(...(await this.follow(found.follow, question.type)));
    return sized(packet, found, overTcp);
  }

  private async forward(query: Buffer, packet: Packet, overTcp: boolean): Promise<Buffer> {
    if (this.pendingUpstream >= pendingUpstreamMax) return failure(packet);
    this.pendingUpstream++;
    try {
      return await this.options.upstream(query, overTcp);
    } catch (error) {
      this.options.logger.debug('DNS question could not be forwarded', { error: String(error) });
      return failure(packet);
    } finally {
      this.pendingUpstream--;
    }
  }

  private async follow(name: string, type: string): Promise<Answer[]> {
    const query = encode({ type: 'query', id: 1, flags: RECURSION_DESIRED, questions: [{ name, type: type as 'A' }] });
    try {
      return decode(await this.options.upstream(query, false)).answers ?? [];
    } catch (error) {
      this.options.logger.debug('an external name could not be followed', { name, error: String(error) });
      return [];
    }
  }
}

/** Names of the cluster, and addresses, which may be those of its services. */
function isOurs(name: string, domain: string): boolean {
  const lower = name.toLowerCase();
  return lower === domain || lower.endsWith(`.${domain}`) || lower.endsWith('.in-addr.arpa');
}

function sized(query: Packet, found: Resolution, overTcp: boolean): Buffer {
  const offered = query.additionals?.find((record) => record.type === 'OPT');
  const offeredBytes = offered && 'udpPayloadSize' in offered ? Number(offered.udpPayloadSize) : udpBytesMax;
  const bytesMax = Math.min(Math.max(offeredBytes, udpBytesMax), ednsBytesMax);
  const options: Answer[] = offered
    ? [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: ednsBytesMax,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ]
    : [];
  const whole = encodeAnswer(query, { ...found, additionals: [...found.additionals, ...options] }, 0);
  if (overTcp || whole.length <= bytesMax) return whole;
  const lean = encodeAnswer(query, { ...found, additionals: options }, 0);
  if (lean.length <= bytesMax) return lean;
  return encodeAnswer(query, { ...found, answers: [], additionals: options }, TRUNCATED_RESPONSE);
}

function encodeAnswer(query: Packet, found: Resolution, flags: number): Buffer {
  const desired = (query.flags ?? 0) & RECURSION_DESIRED;
  const code = found.code === 'NXDOMAIN' ? nameError : 0;
  return encode({
    type: 'response',
    id: query.id,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | desired | flags | code,
    questions: query.questions,
    answers: found.answers,
    authorities: found.authorities,
    additionals: found.additionals,
  });
}

function failure(query: Packet): Buffer {
  const desired = (query.flags ?? 0) & RECURSION_DESIRED;
  return encode({
    type: 'response',
    id: query.id,
    flags: RECURSION_AVAILABLE | desired | serverFailure,
    questions: query.questions,
  });
}
