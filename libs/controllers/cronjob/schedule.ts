import { rfc3339 } from '../../base/clock.ts';

/** A cron schedule: minute, hour, day of month, month, day of week; names, lists, ranges, steps and @daily and its kin. */
export interface Schedule {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** Both day fields are restricted: then either may match. */
  eitherDay: boolean;
}

const shorthand: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** @throws Error that names the field which is wrong. */
export function parseSchedule(text: string): Schedule {
  const fields = (shorthand[text.trim()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) throw new Error(`schedule "${text}" has ${fields.length} fields and not 5`);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const weekdays = parseField(weekday, 0, 7, dayNames, 0);
  if (weekdays.has(7)) weekdays.add(0);
  return {
    minutes: parseField(minute, 0, 59),
    hours: parseField(hour, 0, 23),
    days: parseField(day, 1, 31),
    months: parseField(month, 1, 12, monthNames, 1),
    weekdays,
    eitherDay: !/^[*?]/.test(day) && !/^[*?]/.test(weekday),
  };
}

function parseField(text: string, min: number, max: number, names: readonly string[] = [], firstName = 0): Set<number> {
  const numberOf = (word: string): number => {
    const named = names.indexOf(word.toLowerCase());
    const value = named >= 0 ? named + firstName : Number(word);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new Error(`"${text}" is not a part of a schedule`);
    return value;
  };
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const any = from === '*' || from === '?';
    const first = any ? min : numberOf(from);
    const last = any ? max : to !== undefined ? numberOf(to) : step === undefined ? first : max;
    const by = step === undefined ? 1 : Number(step);
    if (!(by >= 1)) throw new Error(`"${text}" is not a part of a schedule`);
    for (let value = first; value <= last; value += by) found.add(value);
  }
  return found;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** No schedule that ever runs leaves out more than two leap years. */
const searchDaysMax = 366 * 8;

interface Wall {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

type Reader = (ms: number) => Wall;

function utc(ms: number): Wall {
  const date = new Date(ms);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

/** The wall clock of a time zone. @throws RangeError when it is unknown. */
function readerOf(timeZone: string | undefined): Reader {
  if (!timeZone || timeZone === 'Etc/UTC' || timeZone === 'UTC') return utc;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { minute, hour, day, month, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  };
}

/** A time as people of a time zone write it, with its offset: `2026-01-01T09:00:00-05:00`. Source: RFC 3339. */
export function zonedTime(ms: number, timeZone: string | undefined): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timeZone || 'UTC', timeZoneName: 'longOffset' });
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  if (!sign || (hours === '00' && minutes === '00')) return rfc3339(ms);
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * minuteMs;
  return rfc3339(ms + (sign === '-' ? -offsetMs : offsetMs)).replace('Z', `${sign}${hours}:${minutes}`);
}

/** The first time after `afterMs` that the schedule names; undefined when there is none. */
export function nextTime(schedule: Schedule, afterMs: number, timeZone?: string): number | undefined {
  const read = readerOf(timeZone);
  const endMs = afterMs + searchDaysMax * dayMs;
  let ms = (Math.floor(afterMs / minuteMs) + 1) * minuteMs;
  while (ms < endMs) {
    const wall = read(ms);
    if (!matchesDay(schedule, wall)) ms += ((23 - wall.hour) * 60 + (60 - wall.minute)) * minuteMs;
    else if (!schedule.hours.has(wall.hour)) ms += (60 - wall.minute) * minuteMs;
    else if (!schedule.minutes.has(wall.minute)) ms += minuteMs;
    else return ms;
    // A day may be an hour longer or shorter than it looks; step back rather than leave hours out.
    const landed = read(ms);
    if (landed.hour === 1 && landed.minute === 0 && !matchesDay(schedule, wall)) ms -= 60 * minuteMs;
  }
  return undefined;
}

function matchesDay({ months, days, weekdays, eitherDay }: Schedule, { month, day, weekday }: Wall): boolean {
  if (!months.has(month)) return false;
  const [byDay, byWeekday] = [days.has(day), weekdays.has(weekday)];
  return eitherDay ? byDay || byWeekday : byDay && byWeekday;
}
