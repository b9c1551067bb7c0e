import type { V1NodeSelectorRequirement, V1NodeSelectorTerm, V1Pod } from '../api/gen/types.ts';
import { type Operator, satisfies } from '../api/selectors/requirement.ts';
import type { NodeTable } from './node-table.ts';

function meets(requirement: V1NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const { key, operator, values = [] } = requirement;
  return satisfies({ key, operator: operator as Operator, values }, labels);
}

/** Whether a node meets all expressions of a term; one without expressions matches nothing. */
export function meetsTerm(term: V1NodeSelectorTerm, table: NodeTable, slot: number): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const fields = { 'metadata.name': table.names[slot] ?? '' };
  return (
    matchExpressions.every((requirement) => meets(requirement, table.labels(slot))) &&
    matchFields.every((requirement) => meets(requirement, fields))
  );
}

/** Whether the pod's node selector and required node affinity admit a node. */
export function admitsNode(pod: V1Pod, table: NodeTable): ((slot: number) => boolean) | undefined {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (selector.length === 0 && required === undefined) return undefined;
  const terms = required?.nodeSelectorTerms;
  return (slot) => {
    const labels = table.labels(slot);
    for (const [key, value] of selector) if (labels[key] !== value) return false;
    return terms === undefined || terms.some((term) => meetsTerm(term, table, slot));
  };
}
