import type { V1Container, V1EnvFromSource, V1EnvVar, V1Pod, V1Service } from '../api/gen/types.ts';
import { StatusError } from '../base/status.ts';
import { expandVariables } from '../pods/expand.ts';
import { fileKeyValue } from './env-file.ts';
import { fieldValue, type PodFacts, resourceValue } from './fieldref.ts';
import { type NodeObjects, notFound } from './objects.ts';

/** The namespace and name of the service that every pod is told of. */
const apiService = { namespace: 'default', name: 'kubernetes' };

function variableName(text: string): string {
  return text.toUpperCase().replaceAll('-', '_');
}

function addServiceVariables(into: Map<string, string>, service: V1Service): void {
  const ip = service.spec?.clusterIP;
  const ports = service.spec?.ports ?? [];
  const first = ports[0];
  if (!ip || ip === 'None' || !first) return;
  const prefix = variableName(service.metadata?.name ?? '');
  into.set(`${prefix}_SERVICE_HOST`, ip);
  into.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports) {
    if (port.name) into.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  }
  const host = ip.includes(':') ? `[${ip}]` : ip;
  const url = (port: typeof first) => `${(port.protocol ?? 'TCP').toLowerCase()}://${host}:${port.port}`;
  into.set(`${prefix}_PORT`, url(first));
  for (const port of ports) {
    const stem = `${prefix}_PORT_${port.port}_${port.protocol ?? 'TCP'}`;
    into.set(stem, url(port));
    into.set(`${stem}_PROTO`, (port.protocol ?? 'TCP').toLowerCase());
    into.set(`${stem}_PORT`, String(port.port));
    into.set(`${stem}_ADDR`, ip);
  }
}

/** The variables by which a pod finds the services of its namespace, and always the API. */
export function serviceVariables(pod: V1Pod, services: readonly V1Service[]): Map<string, string> {
  const variables = new Map<string, string>();
  const namespace = pod.metadata?.namespace;
  const links = pod.spec?.enableServiceLinks ?? true;
  for (const service of services) {
    const { name, namespace: home } = service.metadata ?? {};
    const isApi = home === apiService.namespace && name === apiService.name;
    if (isApi || (links && home === namespace)) addServiceVariables(variables, service);
  }
  return variables;
}

export interface EnvInputs extends PodFacts {
  container: V1Container;
  objects: NodeObjects;
  /** Where a volume of the pod is. */
  volumePath: (name: string) => string | undefined;
}

function utf8(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

async function fromSource(inputs: EnvInputs, source: V1EnvFromSource): Promise<Array<[string, string]>> {
  const namespace = inputs.pod.metadata?.namespace ?? '';
  const prefix = source.prefix ?? '';
  if (source.configMapRef) {
    const name = source.configMapRef.name ?? '';
    const map = await inputs.objects.configMap(namespace, name);
    if (!map && !source.configMapRef.optional) throw notFound('configmap', name);
    return Object.entries(map?.data ?? {}).map(([key, value]) => [prefix + key, value]);
  }
  if (!source.secretRef) return [];
  const name = source.secretRef.name ?? '';
  const secret = await inputs.objects.secret(namespace, name);
  if (!secret && !source.secretRef.optional) throw notFound('secret', name);
  return Object.entries(secret?.data ?? {}).map(([key, value]) => [prefix + key, utf8(value)]);
}

/** The referred value; undefined when it is optional and absent. */
async function referred(inputs: EnvInputs, from: NonNullable<V1EnvVar['valueFrom']>): Promise<string | undefined> {
  const namespace = inputs.pod.metadata?.namespace ?? '';
  if (from.fieldRef) return fieldValue(inputs, from.fieldRef);
  if (from.fileKeyRef) return fileKeyValue(from.fileKeyRef, inputs.volumePath);
  if (from.resourceFieldRef) {
    const named = from.resourceFieldRef.containerName;
    const all = [...(inputs.pod.spec?.initContainers ?? []), ...(inputs.pod.spec?.containers ?? [])];
    const container = named ? all.find(({ name }) => name === named) : inputs.container;
    return resourceValue(inputs, container ?? inputs.container, from.resourceFieldRef);
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const map = await inputs.objects.configMap(namespace, name);
    const value = map?.data?.[key];
    if (value !== undefined || optional) return value;
    throw map
      ? new StatusError('NotFound', `couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
      : notFound('configmap', name);
  }
  if (!from.secretKeyRef) return undefined;
  const { name = '', key, optional } = from.secretKeyRef;
  const secret = await inputs.objects.secret(namespace, name);
  const value = secret?.data?.[key];
  if (value !== undefined) return utf8(value);
  if (optional) return undefined;
  throw secret
    ? new StatusError('NotFound', `couldn't find key ${key} in Secret ${namespace}/${name}`)
    : notFound('secret', name);
}

/**
 * The environment of a container: services, then envFrom, then env in order; later ones win and may refer to earlier
 * ones. @throws StatusError when something that it refers to is missing.
 */
export async function containerEnvironment(inputs: EnvInputs): Promise<Map<string, string>> {
  const result = new Map<string, string>();
  for (const source of inputs.container.envFrom ?? []) {
    for (const [name, value] of await fromSource(inputs, source)) result.set(name, value);
  }
  const services = serviceVariables(inputs.pod, inputs.objects.services.list());
  const visible = new Map([...services, ...result]);
  for (const variable of inputs.container.env ?? []) {
    const value = variable.valueFrom
      ? await referred(inputs, variable.valueFrom)
      : expandVariables(variable.value ?? '', visible);
    if (value === undefined) continue;
    result.set(variable.name, value);
    visible.set(variable.name, value);
  }
  for (const [name, value] of services) if (!result.has(name)) result.set(name, value);
  return result;
}
