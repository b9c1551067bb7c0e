import type { V1Container, V1LimitRangeItem, V1Pod } from '../../api/gen/types.ts';

const annotation = 'kubernetes.io/limit-ranger';

/** Completes the containers' resources and notes in an annotation what was set. */
export function setDefaults(pod: V1Pod, items: readonly V1LimitRangeItem[]): void {
  const forContainers = items.filter(({ type }) => type === 'Container');
  if (forContainers.length === 0) return;
  const notes: string[] = [];
  for (const item of forContainers) {
    for (const container of pod.spec?.containers ?? []) notes.push(...complete(container, 'container', item));
    for (const container of pod.spec?.initContainers ?? []) notes.push(...complete(container, 'init container', item));
  }
  if (notes.length === 0) return;
  pod.metadata ??= {};
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

function complete(container: V1Container, kind: string, item: V1LimitRangeItem): string[] {
  const resources = { ...container.resources };
  const requests = missing(resources.requests, item.defaultRequest);
  const limits = missing(resources.limits, item.default);
  if (requests.length > 0) resources.requests = { ...item.defaultRequest, ...resources.requests };
  if (limits.length > 0) resources.limits = { ...item.default, ...resources.limits };
  if (requests.length + limits.length > 0) container.resources = resources;
  return [
    ...(requests.length > 0 ? [`${requests.join(', ')} request for ${kind} ${container.name}`] : []),
    ...(limits.length > 0 ? [`${limits.join(', ')} limit for ${kind} ${container.name}`] : []),
  ];
}

type List = Readonly<Record<string, string>> | undefined;

function missing(list: List, defaults: List): string[] {
  return Object.keys(defaults ?? {})
    .filter((name) => list?.[name] === undefined)
    .sort();
}
