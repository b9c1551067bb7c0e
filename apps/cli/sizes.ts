import { UsageError } from './command.ts';

const units: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };
const mebibyte = 2 ** 20;
const memoryBytesMin = 64 * mebibyte;

/** `2`, `0.5` or `500m` CPUs. @throws UsageError */
export function parseCpus(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text);
  const value = match === null ? 0 : Number(match[1]) / (match[2] === 'm' ? 1000 : 1);
  if (value <= 0) throw new UsageError(`${flag} ${text}: want CPUs such as 2, 0.5 or 500m`);
  return value;
}

/** `2Gi`, `512Mi` or plain bytes. @throws UsageError */
export function parseMemory(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text);
  const unit = match === null ? undefined : units[match[2]!];
  if (match === null || unit === undefined) throw new UsageError(`${flag} ${text}: want memory such as 2Gi or 512Mi`);
  const bytes = Math.floor(Number(match[1]) * unit);
  if (bytes < memoryBytesMin) throw new UsageError(`${flag} ${text}: a node needs at least 64Mi`);
  return bytes;
}

/** A whole number from `min` to `max`. @throws UsageError */
export function parseCount(flag: string, text: string, bounds: { min: number; max: number }): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < bounds.min || value > bounds.max) {
    throw new UsageError(`${flag} ${text}: want a whole number from ${bounds.min} to ${bounds.max}`);
  }
  return value;
}

/** One node's part of a machine when `nodes` share it: thousandths of a CPU and mebibytes, rounded down. */
export function divide(machine: { cpus: number; memoryBytes: number }, nodes: number) {
  return {
    cpus: Math.max(0.001, Math.floor((machine.cpus / nodes) * 1000) / 1000),
    memoryBytes: Math.floor(machine.memoryBytes / nodes / mebibyte) * mebibyte,
  };
}
