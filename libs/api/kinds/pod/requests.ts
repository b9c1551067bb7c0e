import type { V1Container, V1Pod } from '../../gen/types.ts';
import { milliValue, wholeValue } from '../../quantity/amounts.ts';

/** Amounts by resource name: millicores of `cpu`, bytes or counts of all else. */
export type Amounts = Map<string, number>;

function amountOf(resource: string, quantity: string): number {
  return resource === 'cpu' ? milliValue(quantity) : wholeValue(quantity);
}

export function amountsOf(quantities: Record<string, string> | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const name in quantities) amounts.set(name, amountOf(name, quantities[name]!));
  return amounts;
}

function add(into: Amounts, amounts: Amounts): Amounts {
  for (const [name, amount] of amounts) into.set(name, (into.get(name) ?? 0) + amount);
  return into;
}

function raise(into: Amounts, amounts: Amounts): Amounts {
  for (const [name, amount] of amounts) into.set(name, Math.max(into.get(name) ?? 0, amount));
  return into;
}

interface Context {
  allocated: ReadonlyMap<string, Amounts>;
  missing: Amounts;
}

/** What a container asks for; its limits stand in for requests that it does not state. */
function containerRequests(container: V1Container, { allocated, missing }: Context): Amounts {
  const requests = new Map(missing);
  const { limits, requests: stated } = container.resources ?? {};
  for (const name in limits) requests.set(name, amountOf(name, limits[name]!));
  for (const name in stated) requests.set(name, amountOf(name, stated[name]!));
  // While a resize is under way the container may still hold what it had.
  const held = allocated.get(container.name);
  return held === undefined ? requests : raise(requests, held);
}

function allocatedResources(pod: V1Pod): ReadonlyMap<string, Amounts> {
  const allocated = new Map<string, Amounts>();
  for (const { name, allocatedResources } of pod.status?.containerStatuses ?? []) {
    if (allocatedResources) allocated.set(name, amountsOf(allocatedResources as Record<string, string>));
  }
  return allocated;
}

function addInitContainers(total: Amounts, containers: readonly V1Container[], context: Context): void {
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of containers) {
    const requests = containerRequests(container, context);
    if (container.restartPolicy === 'Always') raise(starting, add(sidecars, requests));
    else raise(starting, add(requests, sidecars));
  }
  raise(add(total, sidecars), starting);
}

/**
 * What a pod occupies on its node: its containers and sidecars together, or the largest init container with the
 * sidecars started before it, whichever is more; then its overhead. Requests of the pod as a whole take the place of
 * the sum. Source: Kubernetes documentation, "Init Containers: resource sharing" and "Pod Overhead".
 * @param missing what each container counts for that does not say
 */
export function podRequests(pod: V1Pod, missing: Amounts = new Map()): Amounts {
  const spec = pod.spec;
  const context = { allocated: allocatedResources(pod), missing };
  const total: Amounts = new Map();
  for (const container of spec?.containers ?? []) add(total, containerRequests(container, context));
  if (spec?.initContainers?.length) addInitContainers(total, spec.initContainers, context);
  // Most pods end here, and are asked for this with each binding.
  if (spec?.resources === undefined && spec?.overhead === undefined) return total;
  const whole = amountsOf(spec?.resources?.limits as Record<string, string> | undefined);
  for (const [name, amount] of amountsOf(spec?.resources?.requests as Record<string, string> | undefined)) {
    whole.set(name, amount);
  }
  for (const [name, amount] of whole) total.set(name, amount);
  return add(total, amountsOf(spec?.overhead as Record<string, string> | undefined));
}
