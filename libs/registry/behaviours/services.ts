import type { V1Service, V1ServicePort } from '../../api/gen/types.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import type { Random } from '../../base/random.ts';
import { StatusError } from '../../base/status.ts';
import type { StoreMirror } from '../../cache/mirror.ts';
import type { Guard, Write } from '../../store/store.ts';
import { AllocationTable } from '../allocations.ts';
import { invalid } from '../errors.ts';
import type { Behaviour, Rider } from '../parts.ts';
import { AddressRange, reservedLowAddresses } from '../service-addresses.ts';

const nodePortMin = 30_000;
const nodePortMax = 32_767;
const kind = { group: '', kind: 'Service' };

export interface ServiceNetwork {
  readonly cidr: string;
  readonly mirror: StoreMirror;
  readonly random: Random;
}

/** Gives services their cluster addresses and node ports, each exactly once. */
export function serviceBehaviour(network: ServiceNetwork): Behaviour {
  const allocator = new ServiceAllocator(network);
  return { returnsDeleted: true, reserve: (draft, previous) => allocator.reserve(draft, previous) };
}

/** What one transaction takes and gives back. */
class Basket implements Rider {
  readonly guards: Guard[] = [];
  readonly writes: Write[] = [];
  retries = false;
  readonly taken = new Set<string>();
  readonly undoing: Array<() => void> = [];

  undo(): void {
    for (const step of this.undoing) step();
  }

  take(table: AllocationTable, value: string, owner: string): void {
    const { guard, write } = table.take(value, owner);
    this.guards.push(guard);
    this.writes.push(write);
    this.taken.add(value);
  }
}

export class ServiceAllocator {
  private readonly addresses: AllocationTable;
  private readonly ports: AllocationTable;
  private readonly range: AddressRange;

  constructor(private readonly network: ServiceNetwork) {
    this.addresses = new AllocationTable(network.mirror, 'serviceips');
    this.ports = new AllocationTable(network.mirror, 'nodeports');
    this.range = new AddressRange(network.cidr);
  }

  /** Completes the draft and says what its transaction must guard and write. @throws StatusError. */
  reserve(draft: KubeObject | undefined, previous: KubeObject | undefined): Rider {
    const basket = new Basket();
    const service = draft as V1Service | undefined;
    const before = previous as V1Service | undefined;
    // What a stored service says of itself has been taken when it was stored.
    if (service && service.spec === before?.spec) return basket;
    if (service) refuseOtherFamilies(service, this.range);
    if (service) chooseFamilies(service);
    if (service) this.reserveAddress(service, before, basket);
    if (service) this.reservePorts(service, before, basket);
    this.releaseUnused(service, before, basket);
    return basket;
  }

  private reserveAddress(service: V1Service, before: V1Service | undefined, basket: Basket): void {
    const spec = service.spec;
    if (!spec || spec.type === 'ExternalName' || spec.clusterIP === 'None') return;
    const owner = objectKey(nameOf(service));
    const held = before?.spec?.type === 'ExternalName' ? undefined : before?.spec?.clusterIP;
    if (spec.clusterIP && spec.clusterIP === held && held !== 'None') return;
    if (spec.clusterIP) this.takeAddress(service, spec.clusterIP, basket);
    else {
      spec.clusterIP = this.freeAddress();
      basket.retries = true;
      basket.undoing.push(() => {
        spec.clusterIP = undefined;
        spec.clusterIPs = undefined;
      });
      basket.take(this.addresses, spec.clusterIP, owner);
    }
    spec.clusterIPs = [spec.clusterIP];
  }

  private takeAddress(service: V1Service, address: string, basket: Basket): void {
    const owner = objectKey(nameOf(service));
    const field = address.includes(':') === this.range.cidr.includes(':') ? 'spec.clusterIPs' : 'spec.clusterIPs[0]';
    const refuse = (message: string) =>
      invalid(kind, service.metadata?.name ?? '', [
        { field, reason: 'FieldValueInvalid', message: `Invalid value: ["${address}"]: ${message}` },
      ]);
    if (!this.range.contains(address)) throw refuse(`the provided IP is not in the valid range ${this.range.cidr}`);
    const holder = this.addresses.ownerOf(address);
    if (holder !== undefined && holder !== owner) throw refuse('provided IP is already allocated');
    if (holder === undefined) basket.take(this.addresses, address, owner);
  }

  private freeAddress(): string {
    const low = reservedLowAddresses(this.range.size);
    const { size } = this.range;
    const start = low + Math.floor(this.network.random.next() * (size - low));
    for (let step = 0; step < size; step++) {
      const index = (start + step) % size;
      const address = this.range.at(index);
      // The first two passes over the range differ only in the low part, which is used last.
      if (index >= low && this.addresses.ownerOf(address) === undefined) return address;
    }
    for (let index = 0; index < low; index++) {
      const address = this.range.at(index);
      if (this.addresses.ownerOf(address) === undefined) return address;
    }
    throw new StatusError('InternalError', `no address is left in ${this.range.cidr}`);
  }

  private reservePorts(service: V1Service, before: V1Service | undefined, basket: Basket): void {
    const held = new Set(portKeys(before));
    const chosen = new Set<number>();
    // One number of the service, such as that of DNS over UDP and TCP, has one number on the nodes.
    const byPort = new Map<number, number>();
    (service.spec?.ports ?? []).forEach((port, index) => {
      if (!wantsNodePort(service)) return;
      const shared = this.ifFree(byPort.get(port.port), port);
      const nodePort = port.nodePort || this.heldPort(before, port, chosen) || shared || this.freePort(basket);
      if (!port.nodePort) {
        basket.undoing.push(() => {
          port.nodePort = undefined;
        });
      }
      port.nodePort = nodePort;
      const key = portKey(port);
      byPort.set(port.port, nodePort);
      chosen.add(nodePort);
      if (held.has(key) || basket.taken.has(key)) return;
      this.takePort(service, { key, port, index }, basket);
    });
    this.reserveHealthPort(service, before, basket);
  }

  private ifFree(nodePort: number | undefined, port: V1ServicePort): number | undefined {
    const key = portKey({ ...port, nodePort });
    return this.ports.ownerOf(key) === undefined ? nodePort : undefined;
  }

  /** A port that the same port of the service had before. */
  private heldPort(
    before: V1Service | undefined,
    port: V1ServicePort,
    chosen: ReadonlySet<number>,
  ): number | undefined {
    const same = before?.spec?.ports?.find((one) => one.port === port.port && protocolOf(one) === protocolOf(port));
    return same?.nodePort && !chosen.has(same.nodePort) ? same.nodePort : undefined;
  }

  private takePort(
    service: V1Service,
    { key, port, index }: { key: string; port: V1ServicePort; index: number },
    basket: Basket,
  ): void {
    const number = port.nodePort ?? 0;
    const field = `spec.ports[${index}].nodePort`;
    const refuse = (message: string) =>
      invalid(kind, service.metadata?.name ?? '', [
        { field, reason: 'FieldValueInvalid', message: `Invalid value: ${number}: ${message}` },
      ]);
    if (number < nodePortMin || number > nodePortMax) {
      throw refuse(
        `provided port is not in the valid range. The range of valid ports is ${nodePortMin}-${nodePortMax}`,
      );
    }
    const holder = this.ports.ownerOf(key);
    const owner = objectKey(nameOf(service));
    if (holder !== undefined && holder !== owner) throw refuse('provided port is already allocated');
    if (holder === undefined) basket.take(this.ports, key, owner);
  }

  private reserveHealthPort(service: V1Service, before: V1Service | undefined, basket: Basket): void {
    const spec = service.spec;
    if (spec?.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return;
    spec.healthCheckNodePort ||= before?.spec?.healthCheckNodePort || this.freePort(basket);
    const key = `${spec.healthCheckNodePort}-TCP`;
    if (this.ports.ownerOf(key) === undefined && !basket.taken.has(key)) {
      basket.take(this.ports, key, objectKey(nameOf(service)));
    }
  }

  private freePort(basket: Basket): number {
    const count = nodePortMax - nodePortMin + 1;
    const start = Math.floor(this.network.random.next() * count);
    for (let step = 0; step < count; step++) {
      const port = nodePortMin + ((start + step) % count);
      const keys = ['TCP', 'UDP', 'SCTP'].map((protocol) => `${port}-${protocol}`);
      if (keys.some((key) => basket.taken.has(key) || this.ports.ownerOf(key) !== undefined)) continue;
      basket.retries = true;
      return port;
    }
    throw new StatusError('InternalError', 'no node port is left');
  }

  private releaseUnused(service: V1Service | undefined, before: V1Service | undefined, basket: Basket): void {
    if (!before) return;
    const address = addressOf(before);
    if (address && address !== (service && addressOf(service))) basket.writes.push(this.addresses.release(address));
    const kept = new Set(portKeys(service));
    for (const key of portKeys(before)) {
      if (!kept.has(key) && this.ports.ownerOf(key) !== undefined) basket.writes.push(this.ports.release(key));
    }
  }
}

/** The cluster has addresses of one family; services may prefer both, but not need the other one. */
function refuseOtherFamilies({ metadata, spec }: V1Service, { cidr }: AddressRange): void {
  const isFree = spec?.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  if (!spec || spec.type === 'ExternalName' || isFree) return;
  const refuse = (field: string, why: string) => {
    return invalid(kind, metadata?.name ?? '', [
      { field, reason: 'FieldValueInvalid', message: `Invalid value: ${why}` },
    ]);
  };
  const { ipFamilies = [], ipFamilyPolicy, clusterIPs = [] } = spec;
  const both = ipFamilies.length > 1 || clusterIPs.length > 1;
  if (ipFamilyPolicy === 'RequireDualStack' || (both && ipFamilyPolicy === undefined)) {
    throw refuse('spec.ipFamilyPolicy', 'this cluster is not configured for dual-stack services');
  }
  const other = ipFamilies.findIndex((family) => (family === 'IPv6') !== cidr.includes(':'));
  if (other >= 0) throw refuse(`spec.ipFamilies[${other}]`, 'not configured on this cluster');
}

/** One family, IPv4; headless services without a selector may have endpoints of both. */
function chooseFamilies({ spec }: V1Service): void {
  if (!spec || spec.type === 'ExternalName') return;
  const both = spec.clusterIP === 'None' && !spec.selector;
  spec.ipFamilyPolicy ??= both ? 'RequireDualStack' : 'SingleStack';
  const families = new Set(spec.ipFamilies ?? []);
  if (families.size === 0) families.add('IPv4');
  if (both && spec.ipFamilyPolicy !== 'SingleStack') for (const family of ['IPv4', 'IPv6']) families.add(family);
  spec.ipFamilies = [...families];
}

function wantsNodePort({ spec }: V1Service): boolean {
  if (spec?.type === 'NodePort') return true;
  return spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

function addressOf({ spec }: V1Service): string | undefined {
  return spec?.type === 'ExternalName' || spec?.clusterIP === 'None' ? undefined : spec?.clusterIP;
}

function protocolOf(port: V1ServicePort): string {
  return port.protocol ?? 'TCP';
}

function portKey(port: V1ServicePort): string {
  return `${port.nodePort}-${protocolOf(port)}`;
}

function portKeys(service: V1Service | undefined): string[] {
  const keys = (service?.spec?.ports ?? []).filter((port) => port.nodePort).map(portKey);
  const health = service?.spec?.healthCheckNodePort;
  return health ? [...keys, `${health}-TCP`] : keys;
}
