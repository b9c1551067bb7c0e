import type { PrinterColumn, ResourceDefinition } from '../../libs/api/definition.ts';
import type { KubeObject, ObjectMeta } from '../../libs/api/meta.ts';
import type { Document } from '../../libs/cache/document.ts';
import { badRequest } from '../../libs/registry/errors.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';

/** What each row of a table carries besides its cells. */
export type IncludeObject = 'Metadata' | 'None' | 'Object';

export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw badRequest(`unrecognized includeObject value: "${value}"`);
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

/** A span of time in the short form of tables: `5m30s`, `3h`, `2d4h`. */
export function shortDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (ms < 2 * minuteMs) return `${seconds}s`;
  if (ms < 10 * minuteMs) return two(ms, minuteMs, 'm', 1000, 's');
  if (ms < 3 * hourMs) return `${Math.floor(ms / minuteMs)}m`;
  if (ms < 8 * hourMs) return two(ms, hourMs, 'h', minuteMs, 'm');
  if (ms < 2 * dayMs) return `${Math.floor(ms / hourMs)}h`;
  if (ms < 8 * dayMs) return two(ms, dayMs, 'd', hourMs, 'h');
  if (ms < 2 * yearMs) return `${Math.floor(ms / dayMs)}d`;
  if (ms < 8 * yearMs) return two(ms, yearMs, 'y', dayMs, 'd');
  return `${Math.floor(ms / yearMs)}y`;
}

function two(ms: number, unitMs: number, unit: string, smallMs: number, small: string): string {
  const whole = Math.floor(ms / unitMs);
  const rest = Math.floor((ms % unitMs) / smallMs);
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${small}`;
}

const plainColumns: readonly PrinterColumn[] = [
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'Name of the object',
    cell: (object) => object.metadata?.name,
  },
  {
    name: 'Age',
    type: 'string',
    description: 'Time since the object was created',
    cell: (object, nowMs) => {
      const created = object.metadata?.creationTimestamp;
      return created ? shortDuration(nowMs - new Date(created).getTime()) : '<unknown>';
    },
  },
];

export interface TableOptions {
  readonly include: IncludeObject;
  readonly nowMs: number;
  /** Watch events repeat rows only. */
  readonly withoutColumns?: boolean;
}

function columnDefinitions(columns: readonly PrinterColumn[]) {
  return columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority: priority ?? 0,
  }));
}

/** Objects as kubectl prints them. Source: meta.k8s.io/v1 Table. */
export function tableOf(definition: ResourceDefinition, answer: ListAnswer, options: TableOptions): object {
  const columns = definition.columns ?? plainColumns;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      resourceVersion: String(answer.revision),
      continue: answer.continue,
      remainingItemCount: answer.remaining,
    },
    columnDefinitions: options.withoutColumns ? null : columnDefinitions(columns),
    rows: answer.documents.map((document) => rowOf(columns, document, options)),
  };
}

function rowOf(columns: readonly PrinterColumn[], document: Document, { include, nowMs }: TableOptions): object {
  const { object } = document;
  return { cells: columns.map((column) => column.cell(object, nowMs)), object: included(object, include) };
}

function included(object: KubeObject, include: IncludeObject): KubeObject | null {
  if (include === 'None') return null;
  return include === 'Object' ? object : metadataOnly(object);
}

export function metadataOnly(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata as ObjectMeta };
}

export function metadataList(answer: ListAnswer): object {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      resourceVersion: String(answer.revision),
      continue: answer.continue,
      remainingItemCount: answer.remaining,
    },
    items: answer.documents.map((document) => metadataOnly(document.object)),
  };
}
