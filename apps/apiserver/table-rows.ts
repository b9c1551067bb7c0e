import type { Elapsed, PrinterColumn, ResourceDefinition } from '../../libs/api/definition.ts';
import { ago, plainColumns } from '../../libs/api/kinds/cells.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import type { Document } from '../../libs/cache/document.ts';
import { Recent } from './recent.ts';

/** A row as JSON, cut open where the time is told that has gone by. */
interface Row {
  /** What it was made with. */
  readonly columns: readonly PrinterColumn[];
  readonly texts: readonly string[];
  /** RFC 3339; each belongs between two texts. */
  readonly sinces: readonly string[];
}

const keptBytesMax = 16 * 1024 * 1024;
/** What a row costs beside its letters, about. */
const rowBytes = 200;

const rows = new Recent<Row>(keptBytesMax, ({ texts }) => texts.reduce((sum, text) => sum + text.length, rowBytes));

/**
 * `[…]` with the cells of a document, and the conditions of its row behind them, one letter for each byte. Objects are
 * parsed for their first row; after that only the time is told anew.
 */
export function rowText(definition: ResourceDefinition, document: Document, nowMs: number): string {
  const columns = definition.columns ?? plainColumns;
  let row = rows.get(document);
  if (row?.columns !== columns) {
    const object = document.read();
    if (columns.some(tellsTimeItself)) return rowOf(definition, object, nowMs).texts[0]!;
    row = rowOf(definition, object);
    rows.set(document, row);
  }
  const { texts, sinces } = row;
  let text = texts[0]!;
  for (let index = 0; index < sinces.length; index++) text += ago(sinces[index], nowMs) + texts[index + 1]!;
  return text;
}

/** A cell that takes no time cannot depend on it. */
function tellsTimeItself({ cell, elapsed }: PrinterColumn): boolean {
  return !elapsed && cell.length > 1;
}

/** @param nowMs absent: the time that has gone by is left out */
function rowOf(definition: ResourceDefinition, object: KubeObject, nowMs?: number): Row {
  const columns = definition.columns ?? plainColumns;
  const texts: string[] = [];
  const sinces: string[] = [];
  let text = '[';
  for (const [index, column] of columns.entries()) {
    if (index > 0) text += ',';
    const told = nowMs === undefined ? column.elapsed?.(object) : undefined;
    if (typeof told !== 'object') {
      text += jsonText(told ?? column.cell(object, nowMs ?? 0));
      continue;
    }
    texts.push(`${text}${opened(told)}`);
    sinces.push(told.since);
    text = `${jsonText(told.after).slice(1)}`;
  }
  const conditions = definition.rowConditions?.(object);
  texts.push(`${text}]${conditions ? `,"conditions":${jsonText(conditions)}` : ''}`);
  return { columns, texts, sinces };
}

function opened({ before }: Elapsed): string {
  return jsonText(before).slice(0, -1);
}

const otherLetters = /[^\0-\x7f]/;

function jsonText(value: unknown): string {
  // As in an array, where what is nothing is null.
  return oneByteLetters(JSON.stringify(value) ?? 'null');
}

/** UTF-8 with one letter for each byte. */
export function oneByteLetters(text: string): string {
  return otherLetters.test(text) ? Buffer.from(text).toString('latin1') : text;
}
