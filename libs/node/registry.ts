import type { V1Secret } from '../api/gen/types.ts';
import type { RegistryCredentials } from '../runtime/runtime.ts';

const dockerHub = 'docker.io';
const dockerHubAliases = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const reference = new RegExp(
  `^(?:(${host})/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

function isHost(text: string): boolean {
  return text.includes('.') || text.includes(':') || text === 'localhost' || text !== text.toLowerCase();
}

/**
 * The full name of an image: `ubuntu` is `docker.io/library/ubuntu:latest`; undefined for what is no image name.
 * Source: the distribution project's reference grammar.
 */
export function normalizeImage(image: string): string | undefined {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(image)) return image;
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const rest = slash >= 0 && isHost(first) ? image.slice(slash + 1) : image;
  const registry = rest === image ? dockerHub : first;
  const match = reference.exec(
    `${registry}/${registry === dockerHub && !rest.includes('/') ? `library/${rest}` : rest}`,
  );
  if (!match) return undefined;
  const [, server, path, tag, digest] = match;
  if (digest) return `${server}/${path}@${digest}`;
  return `${server}/${path}:${tag ?? 'latest'}`;
}

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

function asAuths(value: unknown): Record<string, DockerAuth> {
  return typeof value === 'object' && value !== null ? (value as Record<string, DockerAuth>) : {};
}

/** The registries and logins of one pull secret; nothing from one that cannot be read. */
function authsOf(secret: V1Secret): Array<[string, DockerAuth]> {
  const modern = secret.data?.['.dockerconfigjson'];
  const legacy = secret.data?.['.dockercfg'];
  try {
    if (modern) {
      const config: { auths?: unknown } = JSON.parse(Buffer.from(modern, 'base64').toString('utf8'));
      return Object.entries(asAuths(config.auths));
    }
    return legacy ? Object.entries(asAuths(JSON.parse(Buffer.from(legacy, 'base64').toString('utf8')))) : [];
  } catch {
    return [];
  }
}

function normalRegistry(text: string): string {
  const bare = text.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '');
  const [server = '', ...path] = bare.split('/');
  return [dockerHubAliases.has(server) ? dockerHub : server, ...path].join('/');
}

function matches(pattern: string, image: string): boolean {
  const [patternHost = '', ...patternPath] = pattern.split('/');
  const [imageHost = '', ...imagePath] = image.split('/');
  const parts = patternHost.split('.');
  const names = imageHost.split('.');
  const sameHost = parts.length === names.length && parts.every((part, i) => part === '*' || part === names[i]);
  return sameHost && imagePath.join('/').startsWith(patternPath.join('/'));
}

/** Every login that the secrets hold for an image's registry, the most specific first. `image` is a full name. */
export function credentialsFor(image: string, secrets: readonly V1Secret[]): RegistryCredentials[] {
  return secrets
    .flatMap(authsOf)
    .map(([registry, auth]) => ({ registry: normalRegistry(registry), auth }))
    .filter(({ registry }) => matches(registry, image))
    .sort((a, b) => b.registry.length - a.registry.length)
    .map(({ registry, auth }) => {
      const [user, ...password] = auth.auth ? Buffer.from(auth.auth, 'base64').toString('utf8').split(':') : [];
      return {
        username: auth.username ?? user,
        password: auth.password ?? (auth.auth ? password.join(':') : undefined),
        serverAddress: registry,
        identityToken: auth.identitytoken,
        registryToken: auth.registrytoken,
      };
    });
}
