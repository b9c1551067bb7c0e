/** A resource as the list of a group version describes it. */
interface ListedResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** A group version of another server, for discovery. */
export interface ForeignVersion {
  readonly group: string;
  readonly version: string;
  readonly versionPriority: number;
  /** In the form of apidiscovery.k8s.io/v2. */
  readonly resources: ReadonlyArray<object & { resource: string }>;
  readonly fresh: boolean;
}

/** The resources of an APIResourceList in the form of aggregated discovery; none for what is no such list. */
export function aggregatedResources(list: unknown, group: string, version: string): ForeignVersion['resources'] {
  const { resources } = (list ?? {}) as { resources?: ListedResource[] };
  if (!Array.isArray(resources)) return [];
  const kindOf = (one: ListedResource) => {
    return { group: one.group ?? group, version: one.version ?? version, kind: one.kind };
  };
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((one) => ({
      resource: one.name,
      responseKind: kindOf(one),
      scope: one.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: one.singularName ?? '',
      verbs: one.verbs ?? [],
      shortNames: one.shortNames,
      categories: one.categories,
      subresources: resources
        .filter(({ name }) => name.startsWith(`${one.name}/`))
        .map((part) => ({
          subresource: part.name.slice(one.name.length + 1),
          responseKind: kindOf(part),
          verbs: part.verbs ?? [],
        })),
    }));
}
