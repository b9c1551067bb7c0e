import type { V1Container, V1ContainerStatus, V1Pod } from '../gen/types.ts';
import type { Quantity } from '../quantity/quantity.ts';
import { isHugePages } from '../validation/resources.ts';
import { type Amounts, addTo, amountsOf, raiseTo, sum } from './amounts.ts';

type List = 'requests' | 'limits';

export interface PodResourcesOptions {
  /** Count what running containers have been given where that is more, as a resize under way leaves it. */
  readonly withStatus?: boolean;
  readonly withOverhead?: boolean;
}

/** Resources that can be asked for by the pod as a whole. */
export function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}

/**
 * What a pod asks for: the sum of the containers that run side by side or the peak of its start, whichever is more; what
 * the pod as a whole asks for stands above that. Source: the API's rules for effective requests, with sidecars (KEP 753).
 */
export function podResources(pod: V1Pod, list: List, options: PodResourcesOptions = {}): Map<string, Quantity> {
  const total = containersTogether(pod, list, options.withStatus ?? false);
  for (const [name, amount] of amountsOf(pod.spec?.resources?.[list])) {
    if (isPodLevel(name)) total.set(name, amount);
  }
  if (options.withOverhead) addOverhead(total, amountsOf(pod.spec?.overhead), list);
  return total;
}

/** Overhead counts against limits only where there is one. */
function addOverhead(total: Map<string, Quantity>, overhead: Map<string, Quantity>, list: List): void {
  if (list === 'limits') {
    for (const name of overhead.keys()) if (!total.get(name)?.digits) overhead.delete(name);
  }
  addTo(total, overhead);
}

function containersTogether({ spec, status }: V1Pod, list: List, withStatus: boolean): Map<string, Quantity> {
  const infeasible = status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
  const resourcesOf = (container: V1Container, statuses: readonly V1ContainerStatus[] | undefined): Amounts => {
    const own = amountsOf(container.resources?.[list]);
    const given = withStatus ? statuses?.find(({ name }) => name === container.name) : undefined;
    return given?.resources ? inEffect(own, { given, list, infeasible }) : own;
  };
  const total = new Map<string, Quantity>();
  for (const container of spec?.containers ?? []) addTo(total, resourcesOf(container, status?.containerStatuses));
  const sidecars = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      const own = resourcesOf(container, status?.initContainerStatuses);
      addTo(total, own);
      addTo(sidecars, own);
      raiseTo(peak, sidecars);
    } else raiseTo(peak, sum(amountsOf(container.resources?.[list]), sidecars));
  }
  raiseTo(total, peak);
  return total;
}

/** A container counts for the most of what is asked, granted and given; a wish that can never be granted counts not. */
function inEffect(
  asked: Amounts,
  { given, list, infeasible }: { given: V1ContainerStatus; list: List; infeasible: boolean },
): Amounts {
  const effective = amountsOf(given.resources?.[list]);
  if (list === 'requests') raiseTo(effective, amountsOf(given.allocatedResources));
  if (!infeasible) raiseTo(effective, asked);
  return effective;
}
