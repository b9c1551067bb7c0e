import type { V1ConfigMap, V1Pod, V1RuntimeClass, V1Secret, V1Service } from '../api/gen/types.ts';
import { isStatus, StatusError } from '../base/status.ts';
import type { Mirror, NodeLink } from './link.ts';

/** What pods refer to: read from the mirrors, and where they have not caught up yet from the API. */
export class NodeObjects {
  readonly configMaps: Mirror<V1ConfigMap>;
  readonly secrets: Mirror<V1Secret>;
  readonly services: Mirror<V1Service>;
  readonly #link: NodeLink;

  constructor(link: NodeLink) {
    this.#link = link;
    this.configMaps = link.mirror<V1ConfigMap>('configmaps');
    this.secrets = link.mirror<V1Secret>('secrets');
    this.services = link.mirror<V1Service>('services');
  }

  /** undefined when there is none. @throws StatusError when the API cannot be asked. */
  async configMap(namespace: string, name: string): Promise<V1ConfigMap | undefined> {
    return this.configMaps.get(`${namespace}/${name}`) ?? (await this.#read('configmaps', namespace, name));
  }

  /** undefined when there is none. @throws StatusError when the API cannot be asked. */
  async secret(namespace: string, name: string): Promise<V1Secret | undefined> {
    return this.secrets.get(`${namespace}/${name}`) ?? (await this.#read('secrets', namespace, name));
  }

  /** What the runtime knows the way of running the pod by; empty for its usual one. @throws StatusError. */
  async runtimeHandler(pod: V1Pod): Promise<string> {
    const name = pod.spec?.runtimeClassName;
    if (!name) return '';
    const found = (await this.#link.readObject('runtimeclasses', { name })) as V1RuntimeClass;
    return found.handler;
  }

  async #read(resource: 'configmaps' | 'secrets', namespace: string, name: string) {
    try {
      return await this.#link.readObject(resource, { namespace, name });
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

/** The names of the config maps and secrets that a pod's specification refers to. */
export function referencesOf(pod: V1Pod): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  const add = (set: Set<string>, name: string | undefined) => name && set.add(name);
  const { spec } = pod;
  for (const container of [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ]) {
    for (const source of container.envFrom ?? []) {
      add(configMaps, source.configMapRef?.name);
      add(secrets, source.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add(configMaps, valueFrom?.configMapKeyRef?.name);
      add(secrets, valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec?.volumes ?? []) {
    add(configMaps, volume.configMap?.name);
    add(secrets, volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add(configMaps, source.configMap?.name);
      add(secrets, source.secret?.name);
    }
  }
  for (const { name } of spec?.imagePullSecrets ?? []) add(secrets, name);
  return { configMaps, secrets };
}

export function notFound(kind: 'configmap' | 'secret', name: string): StatusError {
  return new StatusError('NotFound', `${kind} "${name}" not found`);
}
