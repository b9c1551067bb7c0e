import type { ResourceDefinition } from '../definition.ts';
import { answeredWithDeleted } from '../kinds/answered-deletions.ts';
import { schema } from '../schema/schema.ts';
import type { Definitions } from './definitions.ts';
import type { Json, OpenApiVersion } from './json.ts';
import { type Action, queryOf, queryParameters } from './parameters.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export const mediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const streamTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** What is answered to who may not be told who they are. */
export const refusal = { 401: { description: 'Unauthorized' } };
/** Operations whose answer may be a stream of events. */
const streamed: ReadonlySet<Action> = new Set(['list', 'watch', 'watchlist']);

export const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Kinds whose deletion is answered with what was deleted; those of all others with a Status. */
function answersWithDeleted({ group, plural }: ResourceDefinition): boolean {
  return answeredWithDeleted.has(`${group}/${plural}`);
}

/** What an operation works on: a resource or a part of it, in all namespaces or one. */
export interface Target {
  readonly resource: ResourceDefinition;
  readonly gvk: { group: string; version: string; kind: string };
  /** `status`, `scale` …, '' for the object itself. */
  readonly subresource: string;
  readonly scope: 'cluster' | 'namespace' | 'all-namespaces';
}

/** Kubernetes' words in x-kubernetes-action. */
const actionWords: Readonly<Record<Action, string>> = {
  read: 'get',
  list: 'list',
  watch: 'watch',
  watchlist: 'watchlist',
  create: 'post',
  replace: 'put',
  patch: 'patch',
  delete: 'delete',
  deleteCollection: 'deletecollection',
};

/** `Core`, `Apps`, `RbacAuthorization`: the group as operation ids write it. */
export function groupWord(group: string): string {
  if (group === '') return 'Core';
  return group
    .replace(/\.k8s\.io$/, '')
    .split(/[.-]/)
    .map(capital)
    .join('');
}

function operationId(action: Action, { resource, subresource, scope }: Target): string {
  const where = scope === 'namespace' ? 'Namespaced' : '';
  const verb = action === 'deleteCollection' ? 'delete' : action === 'watchlist' ? 'watch' : action;
  const collection = action === 'deleteCollection' ? 'Collection' : '';
  const list = action === 'watchlist' ? 'List' : '';
  const after = scope === 'all-namespaces' ? 'ForAllNamespaces' : '';
  const words = [groupWord(resource.group), capital(resource.version), collection, where, resource.kind];
  return `${verb}${words.join('')}${list}${capital(subresource)}${after}`;
}

function content(types: readonly string[], schemaOrRef: Json): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: schemaOrRef }]));
}

export function response(
  version: OpenApiVersion,
  description: string,
  answer: Json | undefined,
  types: readonly string[],
): Json {
  if (!answer) return { description };
  return version === 2 ? { description, schema: answer } : { description, content: content(types, answer) };
}

/** Whether the target's objects are described by the definition of a custom kind. */
function isCustom({ resource, subresource }: Target): boolean {
  return resource.customSchema !== undefined && subresource !== 'scale';
}

/** The definition that a target's objects are written in. */
export function definitionOf({ gvk, resource, subresource }: Target): string | undefined {
  const type = schema.typeOfKind(gvk) ?? (subresource === '' ? schema.type(resource.type) : undefined);
  return type?.definition;
}

function answerOf(action: Action, target: Target, definitions: Definitions): Json | undefined {
  if (action === 'deleteCollection') return definitions.ref(`${meta}.Status`);
  if (action === 'delete' && !answersWithDeleted(target.resource)) return definitions.ref(`${meta}.Status`);
  if (action === 'watch' || action === 'watchlist') return definitions.ref(`${meta}.WatchEvent`);
  if (isCustom(target)) return definitions.custom(target.resource, action === 'list');
  const definition = definitionOf(target);
  if (!definition) return undefined;
  const list = schema.typeOfDefinition(`${definition}List`);
  return definitions.ref(action === 'list' && list ? list.definition : definition);
}

function bodyOf(action: Action, target: Target, definitions: Definitions): Json | undefined {
  if (action === 'patch') return definitions.ref(`${meta}.Patch`);
  if (action === 'delete' || action === 'deleteCollection') return definitions.ref(`${meta}.DeleteOptions`);
  if (action !== 'create' && action !== 'replace') return undefined;
  if (isCustom(target)) return definitions.custom(target.resource, false);
  const definition = definitionOf(target);
  return definition ? definitions.ref(definition) : undefined;
}

const successCodes: Readonly<Record<Action, ReadonlyArray<readonly [number, string]>>> = {
  read: [[200, 'OK']],
  list: [[200, 'OK']],
  watch: [[200, 'OK']],
  watchlist: [[200, 'OK']],
  create: [
    [200, 'OK'],
    [201, 'Created'],
    [202, 'Accepted'],
  ],
  replace: [
    [200, 'OK'],
    [201, 'Created'],
  ],
  patch: [
    [200, 'OK'],
    [201, 'Created'],
  ],
  delete: [
    [200, 'OK'],
    [202, 'Accepted'],
  ],
  deleteCollection: [[200, 'OK']],
};

const sentences: Readonly<Record<Action, (kind: string) => string>> = {
  read: (kind) => `read the specified ${kind}`,
  list: (kind) => `list or watch objects of kind ${kind}`,
  watch: (kind) => `watch changes to an object of kind ${kind}; deprecated: use the 'watch' parameter with a list`,
  watchlist: (kind) => `watch changes to objects of kind ${kind}; deprecated: use the 'watch' parameter with a list`,
  create: (kind) => `create a ${kind}`,
  replace: (kind) => `replace the specified ${kind}`,
  patch: (kind) => `partially update the specified ${kind}`,
  delete: (kind) => `delete a ${kind}`,
  deleteCollection: (kind) => `delete a collection of ${kind}`,
};

/** `core_v1`: what the operations of a group's version are sorted under. */
export function tagOf({ group, version }: { group: string; version: string }): string {
  return `${groupTag(group)}_${version}`;
}

/** `core`, `rbacAuthorization`. */
export function groupTag(group: string): string {
  return groupWord(group).replace(/^./, (letter) => letter.toLowerCase());
}

/** One operation of a document. */
export function operation(version: OpenApiVersion, action: Action, target: Target, definitions: Definitions): Json {
  const { resource, gvk, subresource } = target;
  const of = subresource === '' ? resource.kind : `${subresource} of the ${resource.kind}`;
  const answer = answerOf(action, target, definitions);
  const body = bodyOf(action, target, definitions);
  const produces = streamed.has(action) ? [...mediaTypes, ...streamTypes] : mediaTypes;
  const required = action !== 'delete' && action !== 'deleteCollection';
  const takes = action === 'patch' ? patchTypes : ['*/*'];
  const inBody: Json[] = body ? [{ name: 'body', in: 'body', schema: body, ...(required ? { required } : {}) }] : [];
  const query = queryOf(version, queryParameters[action]);
  const codes = successCodes[action].map(([code, text]) => [code, response(version, text, answer, produces)]);
  return {
    description: sentences[action](of),
    operationId: operationId(action, target),
    tags: [tagOf(resource)],
    ...(version === 2 ? { consumes: takes, produces, schemes: ['https'] } : {}),
    parameters: version === 2 ? [...inBody, ...query] : query,
    ...(version === 3 && body
      ? { requestBody: { content: content(takes, body), ...(required ? { required } : {}) } }
      : {}),
    responses: { ...Object.fromEntries(codes), ...refusal },
    'x-kubernetes-action': actionWords[action],
    'x-kubernetes-group-version-kind': gvk,
  };
}
