import type { V1EnvFromSource, V1EnvVar, V1Pod, V1PodSpec, V1Volume } from '../../../libs/api/gen/types.ts';

/** `configmaps/ns/name` or `secrets/ns/name`. */
export type Reference = string;

/** What a pod's containers and volumes read: all that its node may see of ConfigMaps and Secrets. */
export function referencesOf(pod: V1Pod): Reference[] {
  const namespace = pod.metadata?.namespace ?? '';
  const { spec } = pod;
  if (!spec) return [];
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const found = new Set<string>();
  for (const container of containers) {
    for (const variable of container.env ?? []) addVariable(found, variable);
    for (const source of container.envFrom ?? []) addSource(found, source);
  }
  for (const volume of spec.volumes ?? []) addVolume(found, volume);
  addPullSecrets(found, spec);
  return [...found].map((reference) => reference.replace('/', `/${namespace}/`));
}

function add(found: Set<string>, resource: 'configmaps' | 'secrets', name: string | undefined): void {
  if (name) found.add(`${resource}/${name}`);
}

function addVariable(found: Set<string>, variable: V1EnvVar): void {
  add(found, 'configmaps', variable.valueFrom?.configMapKeyRef?.name);
  add(found, 'secrets', variable.valueFrom?.secretKeyRef?.name);
}

function addSource(found: Set<string>, source: V1EnvFromSource): void {
  add(found, 'configmaps', source.configMapRef?.name);
  add(found, 'secrets', source.secretRef?.name);
}

function addVolume(found: Set<string>, volume: V1Volume): void {
  add(found, 'configmaps', volume.configMap?.name);
  add(found, 'secrets', volume.secret?.secretName);
  for (const source of volume.projected?.sources ?? []) {
    add(found, 'configmaps', source.configMap?.name);
    add(found, 'secrets', source.secret?.name);
  }
}

function addPullSecrets(found: Set<string>, spec: V1PodSpec): void {
  for (const secret of spec.imagePullSecrets ?? []) add(found, 'secrets', secret.name);
}
