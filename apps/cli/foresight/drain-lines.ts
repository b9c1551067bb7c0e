import type { DrainedPod, DrainPlan } from '../../../libs/scheduling/foresight/drain.ts';
import { align } from '../objects/table.ts';

/** What the person who drains has agreed to. */
export interface Agreed {
  force: boolean;
  deleteEmptyDirData: boolean;
}

export function isRefused({ needs }: DrainedPod, agreed: Agreed): boolean {
  return (needs === 'force' && !agreed.force) || (needs === 'delete-emptydir-data' && !agreed.deleteEmptyDirData);
}

/** Whether the drain would end with the node empty, and every replacement running. */
export function wouldSucceed({ pods }: DrainPlan, agreed: Agreed): boolean {
  return pods.every((each) => each.fate !== 'blocked' && each.fate !== 'waits' && !isRefused(each, agreed));
}

/** A table of pods with their fates, and the sum of it. */
export function drainLines(plan: DrainPlan, agreed: Agreed): string[] {
  const { node, pods } = plan;
  if (pods.length === 0) return [`${node} runs nothing`];
  const rows = pods.map((each) => [each.pod, each.fate, each.to ?? '-', whyOf(each, agreed)]);
  const counts = new Map<string, number>();
  for (const { fate } of pods) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  const verbs = {
    moves: 'would move',
    waits: 'would find no place',
    blocked: 'may not be evicted',
    stays: 'would stay',
    goes: 'would go',
  };
  const parts = Object.entries(verbs).flatMap(([fate, verb]) =>
    counts.has(fate) ? [`${counts.get(fate)} ${verb}`] : [],
  );
  return [...align([['POD', 'FATE', 'TO', 'WHY'], ...rows]), '', `${node}: ${parts.join(', ')}`];
}

function whyOf(each: DrainedPod, agreed: Agreed): string {
  const needs = isRefused(each, agreed) ? `needs --${each.needs}` : undefined;
  return [each.reason, needs].filter(Boolean).join('; ') || '-';
}
