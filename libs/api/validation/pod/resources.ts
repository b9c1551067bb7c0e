import type { V1PodSpec } from '../../gen/types.ts';
import { type Amount, amountOf } from '../amounts.ts';
import type { Report } from '../report.ts';
import { isHugePages, podResourceName, resourceRequirements } from '../resources.ts';
import type { Rule } from '../rule.ts';
import { type PodContext, WINDOWS } from './context.ts';

const requirements = resourceRequirements(podResourceName);

type Sums = Map<string, Amount>;

/** What the containers of a pod ask for together: the sum of those that run side by side, or an init container's more. */
export function containersTogether(spec: V1PodSpec, kind: 'requests' | 'limits'): Sums {
  const sum: Sums = new Map();
  const peak: Sums = new Map();
  const sidecars: Sums = new Map();
  for (const container of spec.containers ?? []) add(sum, container.resources?.[kind]);
  for (const container of spec.initContainers ?? []) {
    const own = new Map(sidecars);
    add(own, container.resources?.[kind]);
    if (container.restartPolicy === 'Always') {
      add(sum, container.resources?.[kind]);
      add(sidecars, container.resources?.[kind]);
    }
    for (const [name, amount] of own) if (amount > (peak.get(name) ?? 0n)) peak.set(name, amount);
  }
  for (const [name, amount] of peak) if (amount > (sum.get(name) ?? 0n)) sum.set(name, amount);
  return sum;
}

function add(sums: Sums, list: Readonly<Record<string, string>> | undefined): void {
  for (const name in list) sums.set(name, (sums.get(name) ?? 0n) + amountOf(list[name]!));
}

/** Resources of the whole pod hold at least what its containers ask for. */
export const podResources: Rule<V1PodSpec, PodContext> = (spec, at, context) => {
  const { resources } = spec;
  if (!resources) return;
  if (spec.os?.name === WINDOWS) return at.forbidden('not on windows', 'resources');
  if (resources.claims) at.forbidden('not for whole pods', 'resources', 'claims');
  at.enter('resources');
  requirements(resources, at, context);
  consistency(spec, at);
  at.leave();
};

function consistency(spec: V1PodSpec, at: Report): void {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  for (const [name, amount] of containersTogether(spec, 'requests')) {
    if (requests[name] !== undefined && amount > amountOf(requests[name])) {
      at.invalid('must be at least what the containers request', 'requests', `[${name}]`);
    }
  }
  for (const [name, amount] of containersTogether(spec, 'limits')) {
    if (isHugePages(name) && limits[name] !== undefined && amount > amountOf(limits[name])) {
      at.invalid('must be at least the limits of the containers', 'limits', `[${name}]`);
    }
  }
  spec.containers?.forEach((container, i) => {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      if (limits[name] !== undefined && amountOf(limit) > amountOf(limits[name])) {
        at.invalid('must be no more than the limit of the pod', 'containers', i, `[${name}]`, 'limits');
      }
    }
  });
}
