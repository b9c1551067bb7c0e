import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions as HttpsRequestOptions } from 'node:https';
import { apiVersionOf, type KubeObject, nameOf, type ObjectName, type Resource } from '../api/meta.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ListResult,
  Patch,
  RequestOptions,
  WatchBatch,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { type Answer, bodyOf, checkAnswer, open } from './http-transport.ts';
import { pathOf, queryOf } from './http-url.ts';
import { readWatch } from './http-watch.ts';

export const requestTimeoutMs = 60_000;
export const keepAliveMs = 30_000;
export const connectionsMax = 32;

export interface HttpClientOptions {
  /** Such as https://127.0.0.1:6443. */
  server: string;
  /** PEM of the authority that the server's certificate must come from. */
  ca: string | Buffer;
  /** PEM of a client certificate and its key. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /** A bearer token, read for each request so that it may change; or a file that holds it. */
  token?: () => string;
  tokenFile?: string;
  /** Verifies the server under this name instead of the host in `server`. */
  serverName?: string;
  /** Names the writer in managedFields and in the User-Agent header. */
  userAgent: string;
}

const patchTypes: Record<Patch['type'], string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Servers that cannot leave the rest away send whole objects. */
const metadataObjects = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const metadataLists = metadataObjects.replace('Metadata', 'MetadataList');

/** The Kubernetes API over HTTPS/1.1 with connections that are kept. */
export class HttpClient implements Client {
  readonly #options: HttpClientOptions;
  readonly #base: URL;
  /** Watches hold their connection for long, so they have connections of their own. */
  readonly #agents: { requests: Agent; watches: Agent };

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#base = new URL(options.server);
    const { ca, cert, key, serverName } = options;
    const tls = {
      ca,
      cert,
      key,
      keepAlive: true,
      keepAliveMsecs: keepAliveMs,
      ...(serverName ? { servername: serverName } : {}),
    };
    this.#agents = { requests: new Agent({ ...tls, maxSockets: connectionsMax }), watches: new Agent(tls) };
  }

  async get<T extends KubeObject>(resource: Resource<T>, at: ObjectName, options: RequestOptions = {}): Promise<T> {
    return this.#call<T>({ method: 'GET', path: pathOf(resource, at), signal: options.signal });
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ListResult<T>> {
    const { signal, namespace, metadataOnly, ...query } = options;
    const path = pathOf(resource, { namespace }) + queryOf({ ...query });
    const accept = metadataOnly ? metadataLists : undefined;
    const answer = await this.#call<RawList<T>>({ method: 'GET', path, signal, accept });
    const { apiVersion, kind } = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    return {
      // Items of a list do not say their kind on the wire.
      items: (answer.items ?? []).map((item) => (item.kind ? item : { apiVersion, kind, ...item })),
      resourceVersion: answer.metadata?.resourceVersion ?? '',
      ...(answer.metadata?.continue ? { continue: answer.metadata.continue } : {}),
    };
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchBatch<T>> {
    const { signal, namespace, metadataOnly, ...query } = options;
    const path = pathOf(resource, { namespace }) + queryOf({ ...query, watch: true, allowWatchBookmarks: true });
    if (signal.aborted) return;
    try {
      const answer = await this.#open({
        method: 'GET',
        path,
        signal,
        watch: true,
        accept: metadataOnly && metadataObjects,
      });
      await checkAnswer(answer);
      yield* readWatch<T>(answer.stream);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    const path = pathOf(resource, { namespace: nameOf(object).namespace }) + writeQuery(options);
    return this.#call<T>({ method: 'POST', path, body, signal: options.signal });
  }

  async createSubresource<R>(resource: Resource, at: ObjectName, body: KubeObject, options: WriteOptions): Promise<R> {
    const path = pathOf(resource, at, options.subresource) + writeQuery(options);
    return this.#call<R>({ method: 'POST', path, body, signal: options.signal });
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    const path = pathOf(resource, nameOf(object), options.subresource) + writeQuery(options);
    return this.#call<T>({ method: 'PUT', path, body, signal: options.signal });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const query = writeQuery(options, patch.force ? { force: true } : {});
    const path = pathOf(resource, at, options.subresource) + query;
    const contentType = patchTypes[patch.type];
    return this.#call<T>({ method: 'PATCH', path, body: patch.body, contentType, signal: options.signal });
  }

  async delete(resource: Resource, at: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { signal, ...rest } = options;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...rest };
    await this.#call({ method: 'DELETE', path: pathOf(resource, at), body, signal });
  }

  /** Any path of the server, for what is no resource: discovery, health, a sub-path of a proxy. */
  async raw<R>(method: string, path: string, body?: unknown): Promise<R> {
    return this.#call<R>({ method, path, body });
  }

  /** The answer as it comes: logs, for instance. Ends when the signal aborts. */
  async stream(path: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#open({ method: 'GET', path, signal, watch: true });
    await checkAnswer(answer);
    return answer;
  }

  close(): void {
    this.#agents.requests.destroy();
    this.#agents.watches.destroy();
  }

  async #call<R>(call: Call): Promise<R> {
    const answer = await this.#open(call);
    await checkAnswer(answer);
    return bodyOf<R>(answer);
  }

  #open({ method, path, body, contentType, accept, signal, watch }: Call): Promise<Answer> {
    const { userAgent } = this.#options;
    const token = this.#token();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request: HttpsRequestOptions = {
      method,
      host: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port || 443,
      path: this.#base.pathname.replace(/\/$/, '') + path,
      agent: watch ? this.#agents.watches : this.#agents.requests,
      headers: {
        accept: accept || 'application/json',
        'user-agent': userAgent,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(text === undefined ? {} : contentHeaders(text, contentType)),
      },
      ...(watch ? {} : { timeout: requestTimeoutMs }),
    };
    return open(request, text, signal);
  }

  #token(): string | undefined {
    const { token, tokenFile } = this.#options;
    if (token) return token();
    return tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
  }
}

/** The length is stated because Node does not chunk the bodies of deletions. */
function contentHeaders(text: string, contentType = 'application/json'): Record<string, string | number> {
  return { 'content-type': contentType, 'content-length': Buffer.byteLength(text) };
}

interface Call {
  method: string;
  path: string;
  body?: unknown;
  contentType?: string;
  accept?: string | false | undefined;
  signal?: AbortSignal | undefined;
  watch?: boolean;
}

interface RawList<T> {
  items?: T[];
  metadata?: { resourceVersion?: string; continue?: string };
}

function writeQuery(options: WriteOptions, more: Record<string, unknown> = {}): string {
  return queryOf({ fieldManager: options.fieldManager, ...(options.dryRun ? { dryRun: 'All' } : {}), ...more });
}
