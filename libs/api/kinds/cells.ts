import type { PrinterColumn } from '../definition.ts';
import type { KubeObject } from '../meta.ts';

const SECOND_MS = 1000;
const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;
const YEAR_DAYS = 365;

/** A length of time as people read it: two units while the first is small (`3m12s`), one after that (`5h`). */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / SECOND_MS);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  const minutes = Math.floor(seconds / MINUTE_SECONDS);
  const hours = Math.floor(seconds / HOUR_SECONDS);
  const days = Math.floor(seconds / DAY_SECONDS);
  const years = Math.floor(days / YEAR_DAYS);
  if (seconds < 2 * MINUTE_SECONDS) return `${seconds}s`;
  if (minutes < 10) return pair(minutes, 'm', seconds % MINUTE_SECONDS, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 2 * YEAR_DAYS) return `${days}d`;
  return years < 8 ? pair(years, 'y', days % YEAR_DAYS, 'd') : `${years}y`;
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

/** What a cell says about a time: how long ago it was, with a text before it and one behind it. */
export class Elapsed {
  constructor(
    /** RFC 3339. */
    readonly since: string,
    readonly before = '',
    readonly after = '',
  ) {}

  /** The length of time alone. */
  duration(nowMs: number): string {
    return humanDuration(nowMs - Date.parse(this.since));
  }

  text(nowMs: number): string {
    return `${this.before}${this.duration(nowMs)}${this.after}`;
  }
}

/** How long ago a time was. */
export function since(time: string | undefined | null): Elapsed | string {
  return time ? new Elapsed(time) : '<unknown>';
}

/** What a column says of an object at a time. */
export function cellAt<T extends KubeObject>(column: PrinterColumn<T>, object: T, nowMs: number): unknown {
  const said = column.cell(object);
  return said instanceof Elapsed ? said.text(nowMs) : said;
}

export function orNone(text: string | undefined | null): string {
  return text || '<none>';
}

/** `a=b,c=d`, or `<none>`. */
export function formatLabels(map: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(map ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${map![key]}`).join(',');
}

const EXPRESSIONS: Readonly<Record<string, (key: string, values: string) => string>> = {
  In: (key, values) => `${key} in (${values})`,
  NotIn: (key, values) => `${key} notin (${values})`,
  Exists: (key) => key,
  DoesNotExist: (key) => `!${key}`,
};

interface Selector {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: ReadonlyArray<{ key: string; operator: string; values?: readonly string[] }>;
}

/** A selector as one types it. */
export function formatSelector(selector: Selector | undefined): string {
  if (!selector) return '<none>';
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    parts.push({ key, text: EXPRESSIONS[operator]?.(key, [...values].sort().join(',')) ?? key });
  }
  parts.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return parts.map((part) => part.text).join(',') || '<none>';
}

/** Names and images of containers. */
export function containerNames(containers: ReadonlyArray<{ name: string }> | undefined): string {
  return (containers ?? []).map((container) => container.name).join(',');
}

export function containerImages(containers: ReadonlyArray<{ image?: string }> | undefined): string {
  return (containers ?? []).map((container) => container.image ?? '').join(',');
}

type Cell<T> = (object: T) => unknown;

export function text<T extends KubeObject>(name: string, description: string, cell: Cell<T>): PrinterColumn<T> {
  return { name, type: 'string', description, cell };
}

export function integer<T extends KubeObject>(name: string, description: string, cell: Cell<T>): PrinterColumn<T> {
  return { name, type: 'integer', description, cell };
}

/** A column that only `-o wide` shows. */
export function wide<T extends KubeObject>(column: PrinterColumn<T>): PrinterColumn<T> {
  return { ...column, priority: 1 };
}

export const nameColumn: PrinterColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace and kind.',
  cell: (object) => object.metadata?.name ?? '',
};

export const ageColumn: PrinterColumn = text('Age', 'Time since the object was created.', ({ metadata }) =>
  since(metadata?.creationTimestamp),
);

/** How kinds without columns of their own tell their age. */
export const createdColumn: PrinterColumn = {
  name: 'Created At',
  type: 'date',
  description: 'Time at which the object was created.',
  cell: (object) => object.metadata?.creationTimestamp ?? null,
};

/** The columns of kinds that have none of their own. */
export const plainColumns: readonly PrinterColumn[] = [nameColumn, createdColumn];
