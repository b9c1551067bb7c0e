import type { V1Node } from '../../libs/api/gen/types.ts';
import { amountsOf } from '../../libs/api/kinds/pod/requests.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';

/** What an update of a node means to placement. */
export interface NodeChange {
  /** Whether anything that placement rests on differs. Heartbeats and conditions do not count. */
  isRelevant: boolean;
  /** Which waiting pods it may help: a sum of `wakesOn`. */
  wakes: number;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export function nodeChange(node: V1Node, previous: V1Node): NodeChange {
  let wakes = 0;
  if (hasGrown(node, previous)) wakes |= wakesOn.nodeAllocatable;
  if (!same(node.metadata?.labels, previous.metadata?.labels)) wakes |= wakesOn.nodeLabels;
  const taintsDiffer = !same(node.spec?.taints, previous.spec?.taints);
  if (taintsDiffer || node.spec?.unschedulable !== previous.spec?.unschedulable) wakes |= wakesOn.nodeTaints;
  const isRelevant =
    wakes !== 0 ||
    !same(node.status?.allocatable, previous.status?.allocatable) ||
    !same(node.status?.images, previous.status?.images);
  return { isRelevant, wakes };
}

function hasGrown(node: V1Node, previous: V1Node): boolean {
  if (same(node.status?.allocatable, previous.status?.allocatable)) return false;
  const before = amountsOf(previous.status?.allocatable);
  for (const [name, amount] of amountsOf(node.status?.allocatable)) if (amount > (before.get(name) ?? 0)) return true;
  return false;
}
