import { stringify } from 'yaml';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import type { Random } from '../../libs/base/random.ts';
import { encodeProtobuf } from '../../libs/wire/kubernetes/encode.ts';
import { chance, damaged, hostileTexts, hostileValue, longText, pick } from './hostile.ts';
import { objectOf } from './objects.ts';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
}

const names = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7'];
const plainPaths = [
  '/',
  '/api',
  '/apis',
  '/version',
  '/healthz',
  '/readyz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
];
const patchTypes = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'];
const accepts = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'text/html',
  '*/*;q=0',
  ';;;,,,=',
];

/** Makes requests that no client should make, of every resource and path, in an order that a seed decides. */
export class RequestMaker {
  constructor(
    private readonly random: Random,
    private readonly definitions: readonly ResourceDefinition[],
  ) {}

  next(): FuzzRequest {
    const { random } = this;
    const made = chance(random, 0.05) ? this.plain() : this.resource();
    return chance(random, 0.05) ? { ...made, path: this.bentPath(made.path) } : made;
  }

  private plain(): FuzzRequest {
    const { random } = this;
    const path =
      pick(random, plainPaths) + (chance(random, 0.3) ? `/${encodeURIComponent(pick(random, hostileTexts))}` : '');
    const method = pick(random, ['GET', 'GET', 'GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PUT']);
    return { method, path: `${path}${this.query()}`, headers: this.headers() };
  }

  private resource(): FuzzRequest {
    const { random } = this;
    const definition = pick(random, this.definitions);
    const name = pick(random, names);
    const method = pick(random, [
      'GET',
      'GET',
      'POST',
      'POST',
      'POST',
      'PUT',
      'PUT',
      'PATCH',
      'PATCH',
      'PATCH',
      'DELETE',
    ]);
    const onCollection = method === 'POST' || (method !== 'PATCH' && method !== 'PUT' && chance(random, 0.4));
    const place = `${collectionPath(definition)}${onCollection ? '' : `/${name}${this.subresource(definition)}`}`;
    // A whole collection goes now and then, so that there is room for more.
    const path = place + this.query();
    if (method === 'PATCH') return { method, path, ...this.patch(definition, name) };
    if (method === 'GET') return { method, path, headers: this.headers() };
    if (method === 'DELETE') return { method, path, headers: this.headers('application/json'), body: this.options() };
    return { method, path, ...this.body(objectOf(random, definition, name)) };
  }

  private subresource(definition: ResourceDefinition): string {
    const own = definition.subresources?.map((one) => one.name) ?? [];
    if (!chance(this.random, 0.3)) return '';
    return `/${pick(this.random, [...own, 'status', 'scale', 'nonsense', encodeURIComponent(pick(this.random, hostileTexts))])}`;
  }

  private body(object: Record<string, unknown>): Pick<FuzzRequest, 'headers' | 'body'> {
    const { random } = this;
    const [type, bytes] = encoded(random, object);
    const body = chance(random, 0.15) ? damaged(random, bytes) : bytes;
    const wrongType = chance(random, 0.05)
      ? pick(random, ['text/plain', 'application/x-www-form-urlencoded', '', longText.slice(0, 500)])
      : type;
    return { headers: this.headers(wrongType), body };
  }

  private patch(definition: ResourceDefinition, name: string): Pick<FuzzRequest, 'headers' | 'body'> {
    const { random } = this;
    const type = pick(random, patchTypes);
    const value = type === 'json-patch+json' ? this.operations() : this.partial(objectOf(random, definition, name));
    const bytes = Buffer.from(JSON.stringify(value));
    return { headers: this.headers(`application/${type}`), body: chance(random, 0.1) ? damaged(random, bytes) : bytes };
  }

  private operations(): unknown {
    const { random } = this;
    const path = () =>
      pick(random, [
        '/metadata/labels/a',
        '/spec',
        '/spec/replicas',
        '/metadata',
        '',
        '/-',
        '/spec/containers/0',
        '/a~2b',
        `/${pick(random, hostileTexts)}`,
        '/__proto__/x',
      ]);
    const verbs = ['add', 'remove', 'replace', 'move', 'copy', 'test', 'explode'];
    // A patch of many operations has small values: bodies are to be read, not refused for their size.
    if (chance(random, 0.02)) {
      const many = {
        op: pick(random, verbs),
        path: path(),
        from: path(),
        value: pick(random, hostileTexts).slice(0, 20),
      };
      return Array.from({ length: 20_000 }, () => many);
    }
    return Array.from({ length: Math.floor(random.next() * 5) }, () => {
      if (chance(random, 0.1)) return hostileValue(random);
      return { op: pick(random, verbs), path: path(), from: path(), value: hostileValue(random) };
    });
  }

  /** Parts of an object with directives of strategic merge patch strewn in. */
  private partial(object: Record<string, unknown>): unknown {
    const { random } = this;
    const walk = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value !== 'object' || value === null) return chance(random, 0.1) ? null : value;
      const entries = Object.entries(value).map(([key, one]) => [key, walk(one)] as const);
      const copy: Record<string, unknown> = Object.fromEntries(entries);
      if (chance(random, 0.05)) copy.$patch = pick(random, ['replace', 'delete', 'merge', 'x', 1]);
      if (chance(random, 0.05)) copy.$retainKeys = hostileValue(random);
      if (chance(random, 0.05)) copy['$setElementOrder/containers'] = hostileValue(random);
      if (chance(random, 0.05)) copy['$deleteFromPrimitiveList/finalizers'] = hostileValue(random);
      return copy;
    };
    return chance(random, 0.05) ? hostileValue(random) : walk(object);
  }

  private options(): Buffer | undefined {
    const { random } = this;
    if (chance(random, 0.5)) return undefined;
    const value = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: hostileValue(random),
      propagationPolicy: pick(random, ['Orphan', 'Foreground', 'x', 1]),
      preconditions: hostileValue(random),
      dryRun: hostileValue(random),
    };
    return Buffer.from(JSON.stringify(chance(random, 0.3) ? { kind: 'DeleteOptions', gracePeriodSeconds: 0 } : value));
  }

  private query(): string {
    const { random } = this;
    if (chance(random, 0.6)) return '';
    const keys = [
      'labelSelector',
      'fieldSelector',
      'limit',
      'continue',
      'resourceVersion',
      'resourceVersionMatch',
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'pretty',
      'force',
      'propagationPolicy',
      'gracePeriodSeconds',
      'orphanDependents',
      'sendInitialEvents',
      'includeObject',
      'exclude',
      'verbose',
      'hash',
      'container',
      'command',
      'tailLines',
      'ports',
    ];
    const value = () =>
      pick(random, [
        ...hostileTexts,
        'All',
        'true',
        'false',
        '1',
        '0',
        '-1',
        '2147483648',
        'Exact',
        'NotOlderThan',
        'Strict',
        Buffer.from(JSON.stringify(hostileValue(random)) ?? '').toString('base64url'),
      ]);
    const parts = Array.from(
      { length: 1 + Math.floor(random.next() * 3) },
      () => `${pick(random, keys)}=${encodeURIComponent(value()).slice(0, 4000)}`,
    );
    if (chance(random, 0.05)) parts.push('watch=true', 'timeoutSeconds=1');
    if (chance(random, 0.05)) parts.push('%', '&&&', '=', '%ff%fe');
    return `?${parts.join('&')}`;
  }

  private headers(contentType?: string): Record<string, string> {
    const { random } = this;
    const headers: Record<string, string> = {
      accept: chance(random, 0.7) ? 'application/json' : pick(random, accepts),
    };
    if (contentType !== undefined) headers['content-type'] = contentType;
    if (chance(random, 0.03)) headers['impersonate-user'] = 'jane';
    if (chance(random, 0.02))
      headers[`impersonate-extra-${pick(random, ['a', '%', '%ff', 'a%2fb', '__proto__'])}`] = 'x';
    if (chance(random, 0.02)) headers['accept-encoding'] = pick(random, ['gzip', 'br', 'gzip;q=0', ',,,']);
    if (chance(random, 0.02))
      headers.authorization = pick(random, [
        'Bearer x',
        'Bearer a.b.c',
        `Bearer ${longText.slice(0, 4000)}`,
        'Basic !!!',
        'Bearer ',
      ]);
    if (chance(random, 0.01)) headers.upgrade = 'websocket';
    return headers;
  }

  private bentPath(path: string): string {
    const { random } = this;
    const parts = path.split('/');
    const at = 1 + Math.floor(random.next() * (parts.length - 1));
    parts[at] = pick(random, [
      ...hostileTexts.map((text) => encodeURIComponent(text).slice(0, 3000)),
      '%',
      '%zz',
      '%c0%af',
      '%2e%2e',
      '..',
      '',
    ]);
    return parts.join('/');
  }
}

function collectionPath({ group, version, namespaced, plural }: ResourceDefinition): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? '/namespaces/default' : ''}/${plural}`;
}

function encoded(random: Random, object: Record<string, unknown>): [string, Buffer] {
  const json = Buffer.from(JSON.stringify(object));
  if (chance(random, 0.15))
    return ['application/yaml', Buffer.from(stringify(object, { aliasDuplicateObjects: false }))];
  if (!chance(random, 0.15)) return ['application/json', json];
  try {
    return [
      'application/vnd.kubernetes.protobuf',
      Buffer.from(encodeProtobuf(object as Parameters<typeof encodeProtobuf>[0])),
    ];
  } catch {
    // What is not of its type has no such form; something like it has.
    return ['application/vnd.kubernetes.protobuf', Buffer.concat([Buffer.from('k8s\0'), json])];
  }
}
