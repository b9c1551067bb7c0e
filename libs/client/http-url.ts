import type { ObjectName, Resource } from '../api/meta.ts';

/** The path of a resource, of one object when it is named, or of one of its subresources. */
export function pathOf(resource: Resource, at: Partial<ObjectName>, subresource?: string): string {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const steps = [root, resource.version];
  if (resource.namespaced && at.namespace) steps.push('namespaces', encodeURIComponent(at.namespace));
  steps.push(resource.plural);
  if (at.name !== undefined) steps.push(encodeURIComponent(at.name));
  if (subresource) steps.push(subresource);
  return steps.join('/');
}

/** `?a=b&c=d`, or nothing; undefined and empty values are left out. */
export function queryOf(values: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(key, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
