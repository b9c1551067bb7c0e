import type { PrinterColumn, ResourceDefinition } from '../../libs/api/definition.ts';
import { Elapsed, plainColumns } from '../../libs/api/kinds/cells.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import type { Document } from '../../libs/cache/document.ts';
import { Recent } from './recent.ts';

/** A row as JSON, cut open where the time is told that has gone by. */
interface Row {
  /** What it was made with. */
  readonly columns: readonly PrinterColumn[];
  readonly texts: readonly string[];
  /** Each belongs between two texts, which have what it says before and behind the length of time. */
  readonly times: readonly Elapsed[];
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
    row = rowOf(definition, document.read());
    rows.set(document, row);
  }
  const { texts, times } = row;
  let text = texts[0]!;
  for (let index = 0; index < times.length; index++) text += times[index]!.duration(nowMs) + texts[index + 1]!;
  return text;
}

function rowOf(definition: ResourceDefinition, object: KubeObject): Row {
  const columns = definition.columns ?? plainColumns;
  const texts: string[] = [];
  const times: Elapsed[] = [];
  let text = '[';
  for (const [index, column] of columns.entries()) {
    if (index > 0) text += ',';
    const said = column.cell(object);
    if (!(said instanceof Elapsed)) {
      text += jsonText(said);
      continue;
    }
    texts.push(text + jsonText(said.before).slice(0, -1));
    times.push(said);
    text = jsonText(said.after).slice(1);
  }
  const conditions = definition.rowConditions?.(object);
  texts.push(`${text}]${conditions ? `,"conditions":${jsonText(conditions)}` : ''}`);
  return { columns, texts, times };
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
