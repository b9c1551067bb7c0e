import type { ResourceDefinition, Subresource } from './definition.ts';

const partVerbs = ['get', 'patch', 'update'];

const known = new WeakMap<ResourceDefinition, readonly Subresource[]>();

/** Every subresource of a kind: status and scale where it has them, and those that it names. */
export function subresourcesOf(definition: ResourceDefinition): readonly Subresource[] {
  let found = known.get(definition);
  if (!found) {
    const { kind, hasStatus, scale, subresources = [] } = definition;
    found = [
      ...(hasStatus ? [{ name: 'status', kind, verbs: partVerbs }] : []),
      ...(scale ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: partVerbs }] : []),
      ...subresources,
    ];
    known.set(definition, found);
  }
  return found;
}

export function subresourceOf(definition: ResourceDefinition, name: string): Subresource | undefined {
  return subresourcesOf(definition).find((one) => one.name === name);
}
