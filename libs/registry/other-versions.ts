import type { VersionView } from '../api/apply/update.ts';
import type { ResourceDefinition } from '../api/definition.ts';
import { builtinKinds } from '../api/kinds/index.ts';
import { apiVersionOf } from '../api/meta.ts';
import { expectedOf } from './expected-type.ts';

const known = new WeakMap<ResourceDefinition, ReadonlyMap<string, VersionView> | undefined>();

/** The other versions that show the same stored objects, by apiVersion; undefined where there are none. */
export function otherVersions(definition: ResourceDefinition): ReadonlyMap<string, VersionView> | undefined {
  if (!known.has(definition)) known.set(definition, versionsBeside(definition));
  return known.get(definition);
}

function versionsBeside(definition: ResourceDefinition): ReadonlyMap<string, VersionView> | undefined {
  const place = placeOf(definition);
  const others = (builtinKinds as readonly ResourceDefinition[]).filter((one) => {
    return placeOf(one) === place && apiVersionOf(one) !== apiVersionOf(definition);
  });
  if (others.length === 0) return undefined;
  return new Map(others.map((other) => [apiVersionOf(other), viewBetween(definition, other)]));
}

function placeOf({ group, plural, storedAs }: ResourceDefinition): string {
  const resource = storedAs?.resource ?? { group, plural };
  return `${resource.group}/${resource.plural}`;
}

function viewBetween(from: ResourceDefinition, to: ResourceDefinition): VersionView {
  return {
    type: expectedOf(to).type,
    convert(object) {
      const stored = from.storedAs ? from.storedAs.toStored(object) : object;
      return to.storedAs ? to.storedAs.fromStored(stored) : stored;
    },
  };
}
