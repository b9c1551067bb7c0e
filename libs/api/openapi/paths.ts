import type { ResourceDefinition, Subresource } from '../definition.ts';
import { subresourcesOf } from '../subresources.ts';
import type { Definitions } from './definitions.ts';
import type { Json, OpenApiVersion } from './json.ts';
import { operation, type Target } from './operations.ts';
import { type Action, pathParameters } from './parameters.ts';

const usualVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';
type Operations = ReadonlyArray<readonly [verb: string, method: Method, action: Action]>;

const onCollection: Operations = [
  ['list', 'get', 'list'],
  ['create', 'post', 'create'],
  ['deletecollection', 'delete', 'deleteCollection'],
];
const onObject: Operations = [
  ['get', 'get', 'read'],
  ['update', 'put', 'replace'],
  ['patch', 'patch', 'patch'],
  ['delete', 'delete', 'delete'],
];
const onSubresource: Operations = [['create', 'post', 'create'], ...onObject];

/** `api/v1`, `apis/apps/v1`: where a group's version is served and how the index of documents calls it. */
export function groupVersionPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** What a subresource answers with. */
function gvkOf({ kind, group, version }: Subresource, resource: ResourceDefinition): Target['gvk'] {
  return { group: group ?? resource.group, version: version ?? resource.version, kind };
}

/** Writes the paths of resources into a document. */
export class PathWriter {
  private readonly version: OpenApiVersion;
  private readonly definitions: Definitions;

  constructor(version: OpenApiVersion, definitions: Definitions) {
    this.version = version;
    this.definitions = definitions;
  }

  /** All paths of one resource. */
  pathsOf(resource: ResourceDefinition): Json {
    const root = `/${groupVersionPath(resource)}`;
    const base = resource.namespaced
      ? `${root}/namespaces/{namespace}/${resource.plural}`
      : `${root}/${resource.plural}`;
    const { group, version, kind } = resource;
    const scope = resource.namespaced ? 'namespace' : 'cluster';
    const target: Target = { resource, gvk: { group, version, kind }, subresource: '', scope };
    const verbs = resource.verbs ?? usualVerbs;
    const paths: Json = {};
    this.put(paths, base, { target, verbs, operations: onCollection });
    this.put(paths, `${base}/{name}`, { target, verbs, operations: onObject });
    if (resource.namespaced) {
      const everywhere = { ...target, scope: 'all-namespaces' as const };
      this.put(paths, `${root}/${resource.plural}`, {
        target: everywhere,
        verbs,
        operations: onCollection.slice(0, 1),
      });
    }
    for (const subresource of subresourcesOf(resource)) {
      const { name, verbs: subVerbs } = subresource;
      const part: Target = { ...target, gvk: gvkOf(subresource, resource), subresource: name };
      this.put(paths, `${base}/{name}/${name}`, { target: part, verbs: subVerbs, operations: onSubresource });
    }
    return paths;
  }

  private put(
    paths: Json,
    path: string,
    item: { target: Target; verbs: readonly string[]; operations: Operations },
  ): void {
    const served = item.operations.filter(([verb]) => item.verbs.includes(verb));
    if (served.length === 0) return;
    paths[path] = {
      ...Object.fromEntries(
        served.map(([, method, action]) => [method, operation(this.version, action, item.target, this.definitions)]),
      ),
      parameters: pathParameters(this.version, path, item.target.resource.kind),
    };
  }
}
