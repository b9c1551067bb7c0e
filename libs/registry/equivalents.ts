import type { ResourceDefinition } from '../api/definition.ts';
import { apiVersionOf } from '../api/meta.ts';
import type { Registry } from './registry.ts';

/** Every other resource that shows the same stored objects, in a version or group of its own. */
export function equivalentResources(registry: Registry, definition: ResourceDefinition): ResourceDefinition[] {
  const stored = storedKey(definition);
  return registry
    .all()
    .map((served) => served.definition)
    .filter((one) => one !== definition && storedKey(one) === stored);
}

function storedKey({ group, plural, storedAs }: ResourceDefinition): string {
  const resource = storedAs?.resource ?? { group, plural };
  return `${resource.group}/${resource.plural}`;
}

/** The resource that serves a kind; undefined when none does. */
export function kindOf(registry: Registry, apiVersion: string, kind: string): ResourceDefinition | undefined {
  const found = registry
    .all()
    .find(({ definition }) => definition.kind === kind && apiVersionOf(definition) === apiVersion);
  return found?.definition;
}
