import type { RequestAttributes, ResourceAttributes } from '../../libs/auth/attributes.ts';

/** A request line taken apart by the rules of the Kubernetes API. */
export interface RequestInfo extends RequestAttributes {
  readonly method: string;
  readonly query: URLSearchParams;
  /** What follows the subresource, without a leading slash. */
  readonly rest: string;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of a namespace, which would otherwise read as resources in it. */
const namespaceSubresources = new Set(['status', 'finalize']);
/** The old way to ask for a watch: `/api/v1/watch/namespaces/…`. */
const watchPrefix = 'watch';
const emptyQuery = new URLSearchParams();

/** @throws URIError when the path is not well-formed. */
export function parseRequest(method: string, url: string): RequestInfo {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? emptyQuery : new URLSearchParams(url.slice(mark + 1));
  const at = resourcePath(path);
  if (!at) return { method, path, query, rest: '', verb: method.toLowerCase() };
  const { rest, watched, ...resource } = at;
  const verb = watched && method === 'GET' ? 'watch' : verbOf(method, resource, query);
  return { method, path, query, rest, resource, verb };
}

function verbOf(method: string, resource: ResourceAttributes, query: URLSearchParams): string {
  const verb = verbs[method] ?? method.toLowerCase();
  if (resource.name !== undefined) return verb;
  if (verb === 'delete') return 'deletecollection';
  if (verb !== 'get') return verb;
  const watch = query.get('watch');
  return watch !== null && watch !== 'false' && watch !== '0' ? 'watch' : 'list';
}

const oneName = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/;

/** What is to be authorised: who lists or watches a single object by its name needs no more than that one. */
export function authorizedAs(info: RequestInfo): RequestAttributes {
  const { resource, query } = info;
  if (!resource || resource.name !== undefined || query.size === 0) return info;
  const [, name] = oneName.exec(query.get('fieldSelector') ?? '') ?? [];
  return name === undefined ? info : { verb: info.verb, path: info.path, resource: { ...resource, name } };
}

/** `/api/v1/…` and `/apis/group/version/…` with at least a resource; undefined for every other path. */
function resourcePath(path: string): (ResourceAttributes & { rest: string; watched: boolean }) | undefined {
  const parts = path.split('/').map(decode);
  const core = parts[1] === 'api';
  if (!core && parts[1] !== 'apis') return undefined;
  const group = core ? '' : (parts[2] ?? '');
  const version = (core ? parts[2] : parts[3]) ?? '';
  const at = core ? 3 : 4;
  if (!parts[at]) return undefined;
  const watched = parts[at] === watchPrefix;
  return { ...resourceAt(group, version, parts.slice(watched ? at + 1 : at)), watched };
}

function resourceAt(group: string, version: string, parts: string[]): ResourceAttributes & { rest: string } {
  const namespaced = parts[0] === 'namespaces' && parts.length > 2 && !namespaceSubresources.has(parts[2]!);
  if (namespaced && parts[2] !== '') {
    const [, namespace, plural = '', name, subresource, ...rest] = parts;
    return {
      group,
      version,
      namespace,
      plural,
      name: name || undefined,
      subresource: subresource || undefined,
      rest: rest.join('/'),
    };
  }
  const [plural = '', name, subresource, ...rest] = parts;
  const namespace = group === '' && plural === 'namespaces' ? name || undefined : undefined;
  return {
    group,
    version,
    plural,
    namespace,
    name: name || undefined,
    subresource: subresource || undefined,
    rest: rest.join('/'),
  };
}

function decode(part: string): string {
  return part.includes('%') ? decodeURIComponent(part) : part;
}
