import type { PrinterColumn, ResourceDefinition } from '../../libs/api/definition.ts';
import { cellAt, plainColumns } from '../../libs/api/kinds/cells.ts';
import type { KubeObject, ObjectMeta } from '../../libs/api/meta.ts';
import type { Document } from '../../libs/cache/document.ts';
import { badRequest } from '../../libs/registry/errors.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';
import { listMetadata } from './list-metadata.ts';
import type { MetaVersion } from './negotiation.ts';

/** What each row of a table carries besides its cells. */
export type IncludeObject = 'Metadata' | 'None' | 'Object';

export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw badRequest(`unrecognized includeObject value: "${value}"`);
}

export interface TableOptions {
  readonly metaVersion: MetaVersion;
  readonly include: IncludeObject;
  readonly nowMs: number;
  /** Watch events repeat rows only. */
  readonly withoutColumns?: boolean;
}

export function columnDefinitions(columns: readonly PrinterColumn[]) {
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
    apiVersion: options.metaVersion,
    metadata: listMetadata(answer),
    columnDefinitions: options.withoutColumns ? null : columnDefinitions(columns),
    rows: answer.documents.map((document) => rowOf(definition, document, options)),
  };
}

function rowOf(definition: ResourceDefinition, { object }: Document, options: TableOptions): object {
  const { include, nowMs, metaVersion } = options;
  const columns = definition.columns ?? plainColumns;
  const cells = columns.map((column) => cellAt(column, object, nowMs));
  const conditions = definition.rowConditions?.(object);
  if (include === 'None') return { cells, conditions, object: null };
  return { cells, conditions, object: include === 'Object' ? object : metadataOnly(definition, object, metaVersion) };
}

export function metadataOnly(
  { metadataAlone }: ResourceDefinition,
  object: KubeObject,
  metaVersion: MetaVersion,
): KubeObject {
  const whole = object.metadata as ObjectMeta;
  const metadata = metadataAlone ? metadataAlone(whole) : whole;
  return { kind: 'PartialObjectMetadata', apiVersion: metaVersion, metadata };
}

export function metadataList(definition: ResourceDefinition, answer: ListAnswer, metaVersion: MetaVersion): object {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: metaVersion,
    metadata: listMetadata(answer),
    items: answer.documents.map((document) => metadataOnly(definition, document.object, metaVersion)),
  };
}
