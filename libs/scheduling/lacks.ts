import type { Cluster } from './cluster.ts';
import type { PodInfo } from './pod-info.ts';

/** One resource of which a node has too little, in millicores, bytes or counts. */
export interface Lack {
  resource: string;
  short: number;
  wanted: number;
}

/** What each resource lacks on a node. */
export function lacksOn({ shape }: PodInfo, slot: number, { table }: Cluster): Lack[] {
  const { columns, amounts } = shape.requests;
  const lacks: Lack[] = [];
  for (let at = 0; at < columns.length; at++) {
    const column = columns[at]!;
    const wanted = amounts[at]!;
    const short = wanted - (table.allocatable[column]![slot]! - table.requested[column]![slot]!);
    if (short > 0) lacks.push({ resource: table.resourceOf(column), short, wanted });
  }
  return lacks;
}

/** `n3: memory 180Mi short of 512Mi`. */
export function lackText(nodeName: string, lacks: readonly Lack[]): string {
  if (lacks.length === 0) return nodeName;
  const parts = lacks.map(
    ({ resource, short, wanted }) => `${resource} ${readable(resource, short)} short of ${readable(resource, wanted)}`,
  );
  return `${nodeName}: ${parts.join(', ')}`;
}

const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

/** Millicores as `250m`; bytes rounded up to the largest unit that leaves at most four digits. */
export function readable(resource: string, amount: number): string {
  if (resource === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return String(amount);
  let unit = 0;
  let scaled = amount;
  while (scaled >= 1024 * 8 && unit < binaryUnits.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${Math.ceil(scaled)}${binaryUnits[unit]}`;
}
