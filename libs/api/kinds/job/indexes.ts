/** How many indexes a text such as `1,3-5,7` names; undefined unless they are below `completions` and in order. */
export function countIndexes(text: string, completions: number): number | undefined {
  if (text === '') return 0;
  let last = -1;
  let count = 0;
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!match) return undefined;
    const first = Number(match[1]);
    const end = match[2] === undefined ? first : Number(match[2]);
    const ordered = first > last && (match[2] === undefined || end > first);
    if (!ordered || end >= completions) return undefined;
    count += end - first + 1;
    last = end;
  }
  return count;
}
