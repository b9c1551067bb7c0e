import type { V1Pod } from '../../libs/api/gen/types.ts';
import { heldAmounts, ruleLabels } from '../../libs/scheduling/pod-shape.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/** What a new state of a pod means to placement; told from a few fields, since reading a pod anew costs far more. */
export type PodChange = 'none' | 'labels' | 'any';

export function podChange(pod: V1Pod, previous: V1Pod): PodChange {
  const { metadata } = pod;
  const { metadata: before } = previous;
  const isSpecSame =
    metadata?.generation !== undefined &&
    metadata.generation === before?.generation &&
    metadata.deletionTimestamp === before.deletionTimestamp &&
    controllerOf(pod) === controllerOf(previous) &&
    areSame(heldAmounts(pod), heldAmounts(previous));
  if (!isSpecSame) return 'any';
  if (areLabelsSame(metadata.labels, before.labels)) return 'none';
  return areSame(ruleLabels(pod), ruleLabels(previous)) ? 'labels' : 'any';
}

const areSame = (one: unknown, other: unknown) =>
  one === other || (one !== undefined && JSON.stringify(one) === JSON.stringify(other));

function controllerOf({ metadata }: V1Pod): string | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller)?.uid;
}

function areLabelsSame(labels: Labels, before: Labels): boolean {
  if (labels === undefined || before === undefined) return labels === before;
  let count = 0;
  for (const key in labels) {
    if (labels[key] !== before[key]) return false;
    count++;
  }
  return count === Object.keys(before).length;
}
