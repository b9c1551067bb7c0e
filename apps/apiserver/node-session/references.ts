import type {
  V1Container,
  V1EnvFromSource,
  V1EnvVar,
  V1Pod,
  V1PodSpec,
  V1Volume,
} from '../../../libs/api/gen/types.ts';

/** `configmaps/ns/name` or `secrets/ns/name`. */
export type Reference = string;

/** What a pod's containers and volumes read: all that its node may see of ConfigMaps and Secrets. */
export function referencesOf(pod: V1Pod): Reference[] {
  const namespace = pod.metadata?.namespace ?? '';
  const { spec } = pod;
  if (!spec) return [];
  const found: Found = [];
  addContainers(found, spec.initContainers);
  addContainers(found, spec.containers);
  addContainers(found, spec.ephemeralContainers);
  for (const volume of spec.volumes ?? []) addVolume(found, volume);
  addPullSecrets(found, spec);
  if (found.length === 0) return found;
  return [...new Set(found)].map((reference) => reference.replace('/', `/${namespace}/`));
}

/** References without their namespace; some may be there twice. */
type Found = Reference[];

function add(found: Found, resource: 'configmaps' | 'secrets', name: string | undefined): void {
  if (name) found.push(`${resource}/${name}`);
}

function addContainers(found: Found, containers: readonly Pick<V1Container, 'env' | 'envFrom'>[] | undefined): void {
  for (const { env, envFrom } of containers ?? []) {
    for (const variable of env ?? []) addVariable(found, variable);
    for (const source of envFrom ?? []) addSource(found, source);
  }
}

function addVariable(found: Found, variable: V1EnvVar): void {
  add(found, 'configmaps', variable.valueFrom?.configMapKeyRef?.name);
  add(found, 'secrets', variable.valueFrom?.secretKeyRef?.name);
}

function addSource(found: Found, source: V1EnvFromSource): void {
  add(found, 'configmaps', source.configMapRef?.name);
  add(found, 'secrets', source.secretRef?.name);
}

function addVolume(found: Found, volume: V1Volume): void {
  add(found, 'configmaps', volume.configMap?.name);
  add(found, 'secrets', volume.secret?.secretName);
  for (const source of volume.projected?.sources ?? []) {
    add(found, 'configmaps', source.configMap?.name);
    add(found, 'secrets', source.secret?.name);
  }
}

function addPullSecrets(found: Found, spec: V1PodSpec): void {
  for (const secret of spec.imagePullSecrets ?? []) add(found, 'secrets', secret.name);
}
