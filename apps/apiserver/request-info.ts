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
  const { resource, rest, watched } = at;
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

interface ResourcePath {
  readonly resource: ResourceAttributes;
  readonly rest: string;
  /** Whether the path asks for a watch. */
  readonly watched: boolean;
}

/** `/api/v1/…` and `/apis/group/version/…` with at least a resource; undefined for every other path. */
function resourcePath(path: string): ResourcePath | undefined {
  const written = path.split('/');
  const parts = path.includes('%') ? written.map((part) => decodeURIComponent(part)) : written;
  const core = parts[1] === 'api';
  if (!core && parts[1] !== 'apis') return undefined;
  const at = core ? 3 : 4;
  if (!parts[at]) return undefined;
  const group = core ? '' : (parts[2] ?? '');
  const version = parts[at - 1] ?? '';
  const watched = parts[at] === watchPrefix;
  const start = watched ? at + 1 : at;
  const namespaced = isNamespaced(parts, start);
  const from = namespaced ? start + 2 : start;
  const plural = parts[from] ?? '';
  const name = parts[from + 1] || undefined;
  const itself = group === '' && plural === 'namespaces' ? name : undefined;
  const namespace = namespaced ? parts[start + 1] : itself;
  const resource = { group, version, namespace, plural, name, subresource: parts[from + 2] || undefined };
  return { resource, rest: parts.length > from + 3 ? parts.slice(from + 3).join('/') : '', watched };
}

/** Whether a namespace and what lies in it follow at `start`. */
function isNamespaced(parts: readonly string[], start: number): boolean {
  const below = parts[start + 2];
  return parts[start] === 'namespaces' && !!below && !namespaceSubresources.has(below);
}
