import { type DevicePod, type ExpectedPod, FillTable } from './fill.ts';
import { cpuColumn, memoryColumn, type NodeTable, podsColumn } from './node-table.ts';
import type { PodShape } from './pod-info.ts';

/** The mix is read again when the number of pods has grown or shrunk by this share. */
const staleShare = 1 / 8;
const ephemeralColumn = 2;
/** Kinds of pods with devices that are expected, the most frequent. */
const deviceKindsMax = 60;
const wholeDevice = 1000;

/** What is expected of the pods to come: that they are like those that there are. */
export interface Mix {
  /** Grows with each reading. */
  version: number;
  table: FillTable;
  /** By column of an extended resource: the kinds of pods that ask for it. */
  devices: ReadonlyMap<number, readonly DevicePod[]>;
}

interface Kind extends ExpectedPod {
  users: number;
  /** Column and amount of the extended resource that it asks for. */
  device: { column: number; amount: number } | undefined;
}

/** Reads the kinds of pods from the shapes in use, now and then: with each reading all nodes are judged anew. */
export class PodMix {
  private current: Mix | undefined;
  private podsRead = 0;
  private nodesRead = 0;
  private readonly table: NodeTable;
  private readonly shapes: () => Iterable<{ shape: PodShape; users: number }>;

  constructor(table: NodeTable, shapes: () => Iterable<{ shape: PodShape; users: number }>) {
    this.table = table;
    this.shapes = shapes;
  }

  /** The mix as it was read last; `pods` is how many there are now. */
  of(pods: number): Mix {
    const isStale =
      this.current === undefined ||
      Math.abs(pods - this.podsRead) > this.podsRead * staleShare ||
      Math.abs(this.table.count - this.nodesRead) > this.nodesRead * staleShare;
    if (isStale) this.current = this.read(pods);
    return this.current!;
  }

  private read(pods: number): Mix {
    this.podsRead = pods;
    this.nodesRead = this.table.count;
    const kinds = this.kinds();
    const plain = kinds.filter(({ device }) => device === undefined);
    const devices = new Map<number, DevicePod[]>();
    for (const { device, ...kind } of kinds) {
      if (device === undefined) continue;
      const known = devices.get(device.column) ?? [];
      if (known.length < deviceKindsMax) known.push({ ...kind, devices: device.amount, thousandths: wholeDevice });
      devices.set(device.column, known);
    }
    for (const each of devices.values()) normalize(each);
    const table = new FillTable(normalize(plain), this.largestNode());
    return { version: (this.current?.version ?? 0) + 1, table, devices };
  }

  /** The most frequent first; equally frequent ones in the order of what they ask for, so that the order is sure. */
  private kinds(): Kind[] {
    const kinds = new Map<string, Kind>();
    for (const { shape, users } of this.shapes()) {
      const { columns, amounts } = shape.requests;
      const key = `${columns.join()}:${amounts.join()}`;
      const known = kinds.get(key);
      if (known !== undefined) known.users += users;
      else if (users > 0) kinds.set(key, kindOf(shape, users));
    }
    return [...kinds.values()].sort(
      (one, other) => other.users - one.users || other.cpuMillis - one.cpuMillis || other.memoryBytes - one.memoryBytes,
    );
  }

  private largestNode(): { cpuMillis: number; memoryBytes: number } {
    let cpuMillis = 1;
    let memoryBytes = 1;
    for (let slot = 0; slot < this.table.size; slot++) {
      if (!this.table.exists(slot)) continue;
      cpuMillis = Math.max(cpuMillis, this.table.allocatable[cpuColumn]![slot]!);
      memoryBytes = Math.max(memoryBytes, this.table.allocatable[memoryColumn]![slot]!);
    }
    return { cpuMillis, memoryBytes };
  }
}

function kindOf({ requests: { columns, amounts, scoredCpu, scoredMemory } }: PodShape, users: number): Kind {
  const at = columns.findIndex((column) => column > podsColumn && column !== ephemeralColumn);
  const device = at < 0 ? undefined : { column: columns[at]!, amount: amounts[at]! };
  return { cpuMillis: scoredCpu, memoryBytes: scoredMemory, users, share: users, device };
}

function normalize<T extends ExpectedPod>(kinds: T[]): T[] {
  const total = kinds.reduce((sum, { share }) => sum + share, 0);
  for (const kind of kinds) kind.share /= total;
  return kinds;
}
