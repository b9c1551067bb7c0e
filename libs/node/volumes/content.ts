import type { V1DownwardAPIVolumeFile, V1KeyToPath, V1Pod, V1Volume, V1VolumeProjection } from '../../api/gen/types.ts';
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

type Data = ReadonlyMap<string, Uint8Array>;

/** What files are made of: config maps, or secrets. */
interface DataKind {
  readonly kind: 'configmap' | 'secret';
  /** What messages call its keys. */
  readonly what: string;
  /** undefined: there is no such object. */
  read(objects: NodeObjects, namespace: string, name: string): Promise<Data | undefined>;
}

const configMaps: DataKind = {
  kind: 'configmap',
  what: 'config',
  async read(objects, namespace, name) {
    const map = await objects.configMap(namespace, name);
    return map && new Map([...decoded(map.data, 'utf8'), ...decoded(map.binaryData, 'base64')]);
  },
};

const secrets: DataKind = {
  kind: 'secret',
  what: 'secret',
  async read(objects, namespace, name) {
    const secret = await objects.secret(namespace, name);
    return secret && new Map(decoded(secret.data, 'base64'));
  },
};

function decoded(
  data: Readonly<Record<string, string>> | undefined,
  encoding: BufferEncoding,
): Array<[string, Buffer]> {
  return Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]);
}

/** Which object, and which of its keys. */
interface DataSource {
  readonly name?: string;
  readonly items?: readonly V1KeyToPath[];
  readonly optional?: boolean;
}

interface Target {
  readonly files: Files;
  readonly sources: ContentSources;
  /** Of files that have none of their own. */
  readonly mode: number;
}

/** Adds the files of an object. @throws StatusError when it, or a key that is asked for, is missing. */
async function addData({ files, sources, mode }: Target, kind: DataKind, source: DataSource): Promise<void> {
  const { name = '', items = [], optional = false } = source;
  const found = await kind.read(sources.objects, sources.facts.pod.metadata?.namespace ?? '', name);
  if (!found && !optional) throw notFound(kind.kind, name);
  const data: Data = found ?? new Map();
  if (items.length === 0) for (const [key, value] of data) files.set(key, { data: value, mode });
  for (const item of items) {
    const value = data.get(item.key);
    if (value) files.set(item.path, { data: value, mode: item.mode ?? mode });
    else if (!optional) throw new StatusError('NotFound', `references non-existent ${kind.what} key: ${item.key}`);
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

/** The one user that all containers run as, when they agree: whose the pod's tokens are. */
function commonUser(pod: V1Pod): number | undefined {
  const shared = pod.spec?.securityContext?.runAsUser;
  const users = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
    ({ securityContext }) => securityContext?.runAsUser ?? shared,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

async function addProjection(target: Target, source: V1VolumeProjection): Promise<void> {
  const { files, sources, mode } = target;
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = source;
  if (configMap) await addData(target, configMaps, configMap);
  if (secret) await addData(target, secrets, secret);
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
  const withMode = (mode = modeDefault): Target => ({ files, sources, mode });
  if (configMap) await addData(withMode(configMap.defaultMode), configMaps, configMap);
  if (secret) await addData(withMode(secret.defaultMode), secrets, { ...secret, name: secret.secretName });
  if (downwardAPI) downward(files, sources.facts, downwardAPI.items, downwardAPI.defaultMode ?? modeDefault);
  for (const source of projected?.sources ?? []) await addProjection(withMode(projected?.defaultMode), source);
  return files;
}
