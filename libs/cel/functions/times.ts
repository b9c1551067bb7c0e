import { EvaluationError } from '../errors.ts';
import { duration, int, string, timestamp } from '../types.ts';
import { Duration, Timestamp } from '../values.ts';
import type { Form } from './form.ts';

const rfc3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/;
const nanosPerMs = 1_000_000n;

export function readTimestamp(text: string): Timestamp {
  const [, seconds = '', digits = '', zone = ''] = rfc3339.exec(text) ?? [];
  const ms = Date.parse(seconds + zone);
  if (Number.isNaN(ms)) throw new EvaluationError(`invalid timestamp: ${JSON.stringify(text)}`);
  return new Timestamp(BigInt(ms) * nanosPerMs + BigInt(digits.padEnd(9, '0')));
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Reads a span of time as Go writes it: `1h30m`, `1.5s`, `-20ms`. @throws EvaluationError. */
export function readDuration(text: string): Duration {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  if (rest === '0') return new Duration(0n);
  let nanos = 0n;
  let end = 0;
  for (const [all, whole = '', point = '', unit = ''] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy)) {
    if (whole === '' && point === '') break;
    const size = units[unit] ?? 0n;
    nanos += BigInt(whole || '0') * size + (BigInt(point || '0') * size) / 10n ** BigInt(point.length);
    end += all.length;
  }
  if (end === 0 || end !== rest.length) throw new EvaluationError(`time: invalid duration ${JSON.stringify(text)}`);
  return new Duration(sign === '-' ? -nanos : nanos);
}

/** The clock's parts in a time zone: UTC, an offset such as `+02:00`, or a name such as `Europe/Berlin`. */
function inZone(time: Timestamp, zone: string): Date {
  const { date } = time;
  const [, sign, hours = '', minutes = ''] = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone) ?? [];
  if (hours) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return new Date(date.getTime() + (sign === '-' ? -offset : offset));
  }
  if (zone === 'UTC') return date;
  return new Date(date.getTime() + zoneOffsetMs(date, zone));
}

function zoneOffsetMs(date: Date, zone: string): number {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
}

const msPerDay = 86_400_000;

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / msPerDay);
}

const parts: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const spans: Readonly<Record<string, (nanos: bigint) => bigint>> = {
  getHours: (nanos) => nanos / 3_600_000_000_000n,
  getMinutes: (nanos) => nanos / 60_000_000_000n,
  getSeconds: (nanos) => nanos / 1_000_000_000n,
  getMilliseconds: (nanos) => (nanos / nanosPerMs) % 1000n,
};

export const times: readonly Form[] = [
  ...Object.entries(parts).flatMap(([name, part]): Form[] => [
    { name, params: [timestamp], result: int, call: (time: Timestamp) => BigInt(part(time.date)) },
    {
      ...{ name, params: [timestamp, string], result: int },
      call: (time: Timestamp, zone: string) => BigInt(part(inZone(time, zone))),
    },
  ]),
  ...Object.entries(spans).map(
    ([name, part]): Form => ({ name, params: [duration], result: int, call: ({ nanos }: Duration) => part(nanos) }),
  ),
];
