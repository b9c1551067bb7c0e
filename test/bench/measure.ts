/** The value below which `share` of the sorted figures lie. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** One result as a JSON line. */
export function print(result: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Runs `work` for each item, at most `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Resident memory of a process in MB; 0 when it is gone. */
export function residentMegabytes(statusFile: string): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(statusFile)?.[1];
  return kilobytes ? Math.round(Number(kilobytes) / 1024) : 0;
}
