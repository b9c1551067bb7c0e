import type {
  V1ConfigMap,
  V1DownwardAPIVolumeFile,
  V1KeyToPath,
  V1Pod,
  V1Secret,
  V1Volume,
  V1VolumeProjection,
} from '../../api/gen/types.ts';
import { StatusError } from '../../base/status.ts';
import { fieldValue, type PodFacts, resourceValue } from '../fieldref.ts';
import { type NodeObjects, notFound } from '../objects.ts';
import type { VolumeContent, VolumeFile } from './atomic.ts';
import type { Tokens } from './tokens.ts';

const modeDefault = 0o644;
const tokenSecondsDefault = 3600;

export interface ContentSources {
  facts: PodFacts;
  objects: NodeObjects;
  tokens: Tokens;
}

type Files = Map<string, VolumeFile>;

function dataOfConfigMap(map: V1ConfigMap | undefined): Map<string, Uint8Array> {
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(map?.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(map?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return data;
}

function dataOfSecret(secret: V1Secret | undefined): Map<string, Uint8Array> {
  return new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

interface Selection {
  /** Such as `configmap default/app`, for messages. */
  what: string;
  items: V1KeyToPath[] | undefined;
  optional: boolean;
  mode: number;
}

function select(files: Files, data: ReadonlyMap<string, Uint8Array>, selection: Selection): void {
  if (!selection.items?.length) {
    for (const [key, value] of data) files.set(key, { data: value, mode: selection.mode });
    return;
  }
  for (const item of selection.items) {
    const value = data.get(item.key);
    if (value) files.set(item.path, { data: value, mode: item.mode ?? selection.mode });
    else if (!selection.optional)
      throw new StatusError('NotFound', `references non-existent ${selection.what} key: ${item.key}`);
  }
}

function downward(files: Files, facts: PodFacts, items: V1DownwardAPIVolumeFile[] | undefined, mode: number): void {
  for (const item of items ?? []) {
    const text = item.fieldRef
      ? fieldValue(facts, item.fieldRef)
      : item.resourceFieldRef
        ? resourceValue(facts, containerOf(facts.pod, item.resourceFieldRef.containerName), item.resourceFieldRef)
        : '';
    files.set(item.path, { data: Buffer.from(text), mode: item.mode ?? mode });
  }
}

function containerOf(pod: V1Pod, name: string | undefined) {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const found = containers.find((container) => container.name === name) ?? pod.spec?.containers[0];
  if (!found) throw new StatusError('Invalid', `container ${name} not found`);
  return found;
}

interface MapRef {
  name: string;
  items: V1KeyToPath[] | undefined;
  optional: boolean | undefined;
  mode: number;
}

async function addConfigMap(files: Files, sources: ContentSources, ref: MapRef): Promise<void> {
  const namespace = sources.facts.pod.metadata?.namespace ?? '';
  const map = await sources.objects.configMap(namespace, ref.name);
  if (!map && !ref.optional) throw notFound('configmap', ref.name);
  select(files, dataOfConfigMap(map), {
    what: 'config',
    items: ref.items,
    optional: ref.optional ?? false,
    mode: ref.mode,
  });
}

async function addSecret(files: Files, sources: ContentSources, ref: MapRef): Promise<void> {
  const namespace = sources.facts.pod.metadata?.namespace ?? '';
  const secret = await sources.objects.secret(namespace, ref.name);
  if (!secret && !ref.optional) throw notFound('secret', ref.name);
  select(files, dataOfSecret(secret), {
    what: 'secret',
    items: ref.items,
    optional: ref.optional ?? false,
    mode: ref.mode,
  });
}

/** The one user that all containers run as, when they agree: whose the pod's tokens are. */
function commonUser(pod: V1Pod): number | undefined {
  const shared = pod.spec?.securityContext?.runAsUser;
  const users = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
    ({ securityContext }) => securityContext?.runAsUser ?? shared,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

async function addProjection(files: Files, sources: ContentSources, source: V1VolumeProjection, mode: number) {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = source;
  if (configMap)
    await addConfigMap(files, sources, {
      name: configMap.name ?? '',
      items: configMap.items,
      optional: configMap.optional,
      mode,
    });
  if (secret)
    await addSecret(files, sources, { name: secret.name ?? '', items: secret.items, optional: secret.optional, mode });
  if (downwardAPI) downward(files, sources.facts, downwardAPI.items, mode);
  if (!token) return;
  const { pod } = sources.facts;
  const text = await sources.tokens.get(pod, {
    audiences: token.audience ? [token.audience] : [],
    expirationSeconds: token.expirationSeconds ?? tokenSecondsDefault,
  });
  const uid = commonUser(pod);
  const narrow = uid !== undefined || pod.spec?.securityContext?.fsGroup !== undefined;
  files.set(token.path, { data: Buffer.from(text), mode: narrow ? 0o600 : mode, uid });
}

/** Whether the volume's files come from objects, so that they change when those do. */
export function hasContent(volume: V1Volume): boolean {
  return Boolean(volume.configMap || volume.secret || volume.downwardAPI || volume.projected);
}

/** Whether the files must not reach a disk. */
export function isSecret(volume: V1Volume): boolean {
  return Boolean(volume.secret) || (volume.projected?.sources ?? []).some((s) => s.secret || s.serviceAccountToken);
}

/** The files of a configMap, secret, downwardAPI or projected volume. @throws StatusError when a source is missing. */
export async function volumeContent(volume: V1Volume, sources: ContentSources): Promise<VolumeContent> {
  const files: Files = new Map();
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) {
    const mode = configMap.defaultMode ?? modeDefault;
    await addConfigMap(files, sources, {
      name: configMap.name ?? '',
      items: configMap.items,
      optional: configMap.optional,
      mode,
    });
  }
  if (secret) {
    const mode = secret.defaultMode ?? modeDefault;
    await addSecret(files, sources, {
      name: secret.secretName ?? '',
      items: secret.items,
      optional: secret.optional,
      mode,
    });
  }
  if (downwardAPI) downward(files, sources.facts, downwardAPI.items, downwardAPI.defaultMode ?? modeDefault);
  for (const source of projected?.sources ?? []) {
    await addProjection(files, sources, source, projected?.defaultMode ?? modeDefault);
  }
  return files;
}
