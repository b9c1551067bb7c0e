const nanosPer: Readonly<Record<string, number>> = {
  h: 3_600e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  ns: 1,
};

/** Nanoseconds of a duration such as `1h2m3.5s`; 0 for what is none. */
export function nanosOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  const nanos = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * nanosPer[unit]!, 0);
  return Math.round(text.startsWith('-') ? -nanos : nanos);
}

/** The shortest text that Go writes for a duration of at least a second: `1h0m0s`, `1m30.5s`. */
export function durationText(nanos: number): string {
  const seconds = Math.abs(nanos) / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${Number((seconds % 60).toFixed(9))}s`;
  const text = hours > 0 ? `${hours}h${minutes}m${rest}` : minutes > 0 ? `${minutes}m${rest}` : rest;
  return nanos < 0 ? `-${text}` : text;
}
