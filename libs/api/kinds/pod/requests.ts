import type { V1Container, V1Pod } from '../../gen/types.ts';
import { milliValue, wholeValue } from '../../quantity/amounts.ts';

/** Amounts by resource name: millicores of `cpu`, bytes or counts of all else. */
export type Amounts = Map<string, number>;

function amountOf(resource: string, quantity: string): number {
  return resource === 'cpu' ? milliValue(quantity) : wholeValue(quantity);
}

export function amountsOf(quantities: Record<string, string> | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const [name, quantity] of Object.entries(quantities ?? {})) amounts.set(name, amountOf(name, quantity));
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
  for (const [name, amount] of amountsOf(container.resources?.limits)) requests.set(name, amount);
  for (const [name, amount] of amountsOf(container.resources?.requests)) requests.set(name, amount);
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
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    const requests = containerRequests(container, context);
    if (container.restartPolicy === 'Always') raise(starting, add(sidecars, requests));
    else raise(starting, add(requests, sidecars));
  }
  raise(add(total, sidecars), starting);
  const whole = amountsOf(spec?.resources?.limits as Record<string, string> | undefined);
  for (const [name, amount] of amountsOf(spec?.resources?.requests as Record<string, string> | undefined)) {
    whole.set(name, amount);
  }
  for (const [name, amount] of whole) total.set(name, amount);
  return add(total, amountsOf(spec?.overhead as Record<string, string> | undefined));
}
