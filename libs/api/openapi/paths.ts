import type { ResourceDefinition, Subresource } from '../definition.ts';
import { subresourcesOf } from '../subresources.ts';
import { connection, connectionMethods, isConnection, logOperation } from './connections.ts';
import type { Definitions } from './definitions.ts';
import type { Json, OpenApiVersion } from './json.ts';
import { operation, type Target } from './operations.ts';
import { type Action, pathItem, pathParameters } from './parameters.ts';

const usualVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';
type Operations = ReadonlyArray<readonly [verb: string, method: Method, action: Action]>;

const listOnly: Operations = [['list', 'get', 'list']];
const onCollection: Operations = [
  ...listOnly,
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
const onWatchedList: Operations = [['watch', 'get', 'watchlist']];
const onWatched: Operations = [['watch', 'get', 'watch']];

/** `api/v1`, `apis/apps/v1`: where a group's version is served and how the index of documents calls it. */
export function groupVersionPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** What a subresource answers with. */
function gvkOf({ kind, group, version }: Subresource, resource: ResourceDefinition): Target['gvk'] {
  return { group: group ?? resource.group, version: version ?? resource.version, kind };
}

interface Item {
  readonly target: Target;
  readonly verbs: readonly string[];
  readonly operations: Operations;
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
    const { group, version, kind, plural, namespaced } = resource;
    const scope = namespaced ? 'namespace' : 'cluster';
    const target: Target = { resource, gvk: { group, version, kind }, subresource: '', scope };
    const verbs = resource.verbs ?? usualVerbs;
    const everywhere: Target = { ...target, scope: 'all-namespaces' };
    const below = namespaced ? `namespaces/{namespace}/${plural}` : plural;
    const base = `${root}/${below}`;
    const paths: Json = {};
    this.put(paths, base, { target, verbs, operations: onCollection });
    this.put(paths, `${base}/{name}`, { target, verbs, operations: onObject });
    if (namespaced) this.put(paths, `${root}/${plural}`, { target: everywhere, verbs, operations: listOnly });
    for (const subresource of subresourcesOf(resource)) this.putPart(paths, base, { target, subresource });
    // Custom kinds have these paths too, but upstream does not speak of them.
    if (resource.customSchema) return paths;
    const watched = `${root}/watch/${below}`;
    this.put(paths, watched, { target, verbs, operations: onWatchedList });
    this.put(paths, `${watched}/{name}`, { target, verbs, operations: onWatched });
    if (!namespaced) return paths;
    this.put(paths, `${root}/watch/${plural}`, { target: everywhere, verbs, operations: onWatchedList });
    return paths;
  }

  private putPart(paths: Json, base: string, part: { target: Target; subresource: Subresource }): void {
    const { name, verbs } = part.subresource;
    const target: Target = { ...part.target, gvk: gvkOf(part.subresource, part.target.resource), subresource: name };
    const path = `${base}/{name}/${name}`;
    if (!isConnection(target)) {
      this.put(paths, path, { target, verbs, operations: onSubresource });
      return;
    }
    this.putConnection(paths, path, { target, verbs });
    if (name === 'proxy') this.putConnection(paths, `${path}/{path}`, { target, verbs });
  }

  private putConnection(paths: Json, path: string, { target, verbs }: Omit<Item, 'operations'>): void {
    const withPath = path.endsWith('{path}');
    const methods = connectionMethods(target, verbs);
    const operations = methods.map((method) => [method, connection(this.version, method, target, withPath)]);
    const { kind } = target.resource;
    const ofPath = pathParameters(this.version, path, { kind, isConnection: true });
    paths[path] = pathItem(Object.fromEntries(operations), ofPath);
  }

  private put(paths: Json, path: string, { target, verbs, operations }: Item): void {
    const served = operations.filter(([verb]) => verbs.includes(verb));
    if (served.length === 0) return;
    const written = served.map(([, method, action]) => [method, this.operation(action, target)]);
    const { kind } = target.resource;
    const ofPath = pathParameters(this.version, path, { kind, isConnection: false });
    paths[path] = pathItem(Object.fromEntries(written), ofPath);
  }

  private operation(action: Action, target: Target): Json {
    const written = operation(this.version, action, target, this.definitions);
    return target.subresource === 'log' ? logOperation(this.version, written) : written;
  }
}
