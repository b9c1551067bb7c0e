import type { Json, OpenApiVersion } from './json.ts';
import { capital, groupWord, refusal, response, type Target, tagOf } from './operations.ts';
import { logParameters, partParameters, queryOf } from './parameters.ts';

/** The methods of a proxy. */
const allMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const words: Readonly<Record<string, string>> = { get: 'get', create: 'post' };

/** Whether the target hands the client through to a program, so that anything may be said: exec, attach, proxies. */
export function isConnection({ gvk }: Target): boolean {
  return partParameters[gvk.kind] !== undefined;
}

/** The methods of a connection by its verbs; those of proxies are all. */
export function connectionMethods({ gvk }: Target, verbs: readonly string[]): string[] {
  if (gvk.kind.endsWith('ProxyOptions')) return allMethods;
  return verbs.flatMap((verb) => words[verb] ?? []);
}

/** One method of a connection. */
export function connection(version: OpenApiVersion, method: string, target: Target, withPath: boolean): Json {
  const { resource, gvk, subresource, scope } = target;
  const where = scope === 'namespace' ? 'Namespaced' : '';
  const path = withPath ? 'WithPath' : '';
  const head = `connect${groupWord(resource.group)}${capital(resource.version)}${capital(method)}`;
  const anything = ['*/*'];
  return {
    description: `connect ${method.toUpperCase()} requests to ${subresource} of the ${resource.kind}`,
    operationId: `${head}${where}${resource.kind}${capital(subresource)}${path}`,
    tags: [tagOf(resource)],
    ...(version === 2 ? { consumes: anything, produces: anything, schemes: ['https'] } : {}),
    parameters: queryOf(version, partParameters[gvk.kind] ?? []),
    responses: { 200: response(version, 'OK', { type: 'string' }, anything), ...refusal },
    'x-kubernetes-action': 'connect',
    'x-kubernetes-group-version-kind': gvk,
  };
}

/** Logs are read as text and in ways of their own. */
export function logOperation(version: OpenApiVersion, read: Json): Json {
  const types = ['text/plain', 'application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
  return {
    ...read,
    ...(version === 2 ? { produces: types } : {}),
    parameters: queryOf(version, logParameters),
    responses: { 200: response(version, 'OK', { type: 'string' }, types), ...refusal },
  };
}
