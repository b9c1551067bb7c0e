const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  readonly low: number;
  readonly high: number;
  /** Names that stand for `low` and the numbers after it. */
  readonly names?: readonly string[];
}

/** Minute, hour, day of the month, month, day of the week (crontab(5)). */
const FIELDS: readonly Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: MONTHS },
  { low: 0, high: 6, names: DAYS },
];

const SHORTHANDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

function numberOf(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return field.low + named;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** `*`, `?`, `n`, `n-m`, each with an optional `/step`. */
function isRange(text: string, field: Field): boolean {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !/^0*[1-9]\d*$/.test(step))) return false;
  if (range === '*' || range === '?') return true;
  const ends = range.split('-').map((end) => numberOf(end, field));
  const [first, last = first] = ends;
  if (ends.length > 2 || first === undefined || last === undefined || ends.includes(undefined)) return false;
  return first >= field.low && last <= field.high && first <= last;
}

function isInterval(text: string): boolean {
  return /^@every ([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))*$/.test(
    text,
  );
}

/** Whether a text is a schedule as cron reads it. */
export function isSchedule(text: string): boolean {
  const zone = /^(?:TZ|CRON_TZ)=(\S*)\s+/.exec(text);
  const rest = (zone ? text.slice(zone[0].length) : text).trim();
  if (rest.startsWith('@')) return SHORTHANDS.includes(rest) || isInterval(rest);
  const words = rest.split(/\s+/);
  return (
    words.length === FIELDS.length &&
    words.every((word, i) => word.split(',').every((part) => isRange(part, FIELDS[i]!)))
  );
}
