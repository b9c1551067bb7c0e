import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { judgeFailure } from './failure-policy.ts';
import { hasFailed } from './tracking.ts';

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
/** How often pods of the index failed before this one, by what counts and what a policy ignores. */
export const failuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

export function indexOf(pod: V1Pod): number | undefined {
  const text = pod.metadata?.annotations?.[indexAnnotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The pod's index, if the job has it. */
export function validIndexOf(pod: V1Pod, { spec }: V1Job): number | undefined {
  const index = indexOf(pod);
  return index !== undefined && index < (spec?.completions ?? 0) ? index : undefined;
}

/** Earlier failures of a pod's index, as the pod itself carries them. */
export interface IndexFailures {
  counted: number;
  ignored: number;
}

export function failuresBefore({ metadata }: V1Pod): IndexFailures {
  const read = (name: string) => {
    const text = metadata?.annotations?.[name] ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : 0;
  };
  return { counted: read(failuresAnnotation), ignored: read(ignoredAnnotation) };
}

/** The failures that the successor of a failed pod carries. */
export function failuresAfter(job: V1Job, pod: V1Pod | undefined): IndexFailures {
  if (!pod) return { counted: 0, ignored: 0 };
  const { counted, ignored } = failuresBefore(pod);
  const isIgnored = judgeFailure(job, pod).action === 'Ignore';
  return isIgnored ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
}

/** Whether the pod's failure is the last that its index may have. */
export function failsIndex(job: V1Job, pod: V1Pod): boolean {
  if (!hasFailed(pod, job)) return false;
  const { action } = judgeFailure(job, pod);
  if (action === 'FailIndex') return true;
  return action !== 'Ignore' && failuresBefore(pod).counted >= (job.spec?.backoffLimitPerIndex ?? 0);
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
