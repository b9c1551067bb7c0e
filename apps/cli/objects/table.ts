/** The form in which the server prints lists. Source: Kubernetes API reference, meta/v1 Table. */
export interface Table {
  columnDefinitions: Array<{ name: string; priority?: number; type?: string }>;
  rows: Array<{ cells: unknown[]; object?: { metadata?: { name?: string; namespace?: string } } }>;
}

export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** The rows as aligned text, widths by the longest cell. */
export function align(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

export interface Shown {
  wide: boolean;
  namespaces: boolean;
  head: boolean;
  /** Before each name, such as `pod/`, when several kinds are shown. */
  prefix?: string;
}

/** A table as rows of text, with its head. */
export function rowsOf(table: Table, show: Shown): string[][] {
  const shown = table.columnDefinitions.map((column) => show.wide || (column.priority ?? 0) === 0);
  const head = table.columnDefinitions.filter((_, index) => shown[index]).map(({ name }) => name.toUpperCase());
  const rows = table.rows.map(({ cells, object }) => {
    const texts = cells
      .filter((_, index) => shown[index])
      .map((cell) => (cell === null || cell === '' ? '<none>' : String(cell)));
    if (show.prefix && texts[0] !== undefined) texts[0] = show.prefix + texts[0];
    return show.namespaces ? [object?.metadata?.namespace ?? '', ...texts] : texts;
  });
  return show.head ? [show.namespaces ? ['NAMESPACE', ...head] : head, ...rows] : rows;
}
