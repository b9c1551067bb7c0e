import type { V1Pod } from '../../api/gen/types.ts';

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export function indexOf(pod: V1Pod): number | undefined {
  const text = pod.metadata?.annotations?.[indexAnnotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The numbers of a list such as `0,2-4`. */
export function parseIndexes(text: string | undefined): Set<number> {
  const found = new Set<number>();
  for (const part of (text ?? '').split(',').filter((piece) => piece !== '')) {
    const [from = 0, to = from] = part.split('-').map(Number);
    for (let index = from; index <= to; index++) found.add(index);
  }
  return found;
}

/** The shortest list of the numbers: runs of three and more as `from-to`. */
export function writeIndexes(indexes: Iterable<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    const [from, to] = [sorted[at], sorted[end]];
    parts.push(end - at >= 1 ? `${from}${end - at === 1 ? ',' : '-'}${to}` : String(from));
    at = end + 1;
  }
  return parts.join(',');
}
