import { conformObject } from '../api/decode/decode.ts';
import type { KubeObject, ObjectName, Resource } from '../api/meta.ts';
import type { RequestAttributes } from '../auth/attributes.ts';
import type { UserInfo } from '../auth/user.ts';
import type { Document } from '../cache/document.ts';
import { methodNotAllowed, noSuchResource } from '../registry/errors.ts';
import { expectedOf } from '../registry/expected-type.ts';
import type { Registry, ServedResource } from '../registry/registry.ts';
import type { Caller, WatchListener, WriteRequest } from '../registry/requests.ts';
import type { SubresourceCreation } from '../registry/subresource-creation.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ListResult,
  Patch,
  WatchBatch,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { LocalWatch, type Reader } from './local-watch.ts';
import { MetadataAlone } from './metadata-alone.ts';

export interface LocalClientOptions {
  readonly registry: Registry;
  readonly user: UserInfo;
  /** undefined when the subresource cannot be created. */
  readonly createSubresource: (creation: SubresourceCreation) => Promise<object> | undefined;
  /** Refuses what the user may not do. Absent: everything is allowed. @throws StatusError Forbidden. */
  readonly authorize?: (user: UserInfo, attributes: RequestAttributes) => void;
  /** Names the writer in managedFields. */
  readonly fieldManager: string;
}

/**
 * The API within the server's own process: the same registry and admission, no HTTP and no serialisation. Single objects
 * are read for one use; what is listed and watched is kept parsed, for all who follow it together.
 */
export class LocalClient implements Client {
  private readonly caller: Caller;

  constructor(private readonly options: LocalClientOptions) {
    this.caller = { user: options.user, warn: () => {} };
  }

  async get<T extends KubeObject>(resource: Resource<T>, at: ObjectName): Promise<T> {
    const served = this.open('get', resource, at);
    const document = await served.service.get(at);
    return document.read() as T;
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ListResult<T>> {
    const served = this.open('list', resource, { namespace: options.namespace });
    const answer = await served.service.list(options);
    return {
      items: answer.documents.map(readerFor(options) as (document: Document) => T),
      resourceVersion: String(answer.revision),
      continue: answer.continue,
    };
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchBatch<T>> {
    const open = async (listener: WatchListener) => {
      const served = this.open('watch', resource, { namespace: options.namespace });
      return served.service.watch({ ...options, allowBookmarks: true }, listener);
    };
    return { [Symbol.asyncIterator]: () => new LocalWatch<T>(open, options.signal, readerFor(options)) };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace } = object.metadata ?? {};
    const served = this.open('create', resource, { namespace });
    const body = conformObject(copy(object), expectedOf(served.definition));
    const document = await served.service.create({ namespace }, body, this.request(options));
    return document.read() as T;
  }

  async createSubresource<R>(resource: Resource, at: ObjectName, body: KubeObject, options: WriteOptions): Promise<R> {
    const served = this.open('create', resource, at, options.subresource);
    const creation = { at, body: copy(body), served, request: this.request(options) };
    const answer = await this.options.createSubresource(creation);
    if (!answer) throw methodNotAllowed();
    return answer as R;
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const at = { namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
    const served = this.open('update', resource, at, options.subresource);
    const body = conformObject(copy(object), expectedOf(served.definition));
    const { document } = await served.service.update(at, body, this.request(options));
    return document.read() as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const served = this.open('patch', resource, at, options.subresource);
    const request = {
      ...this.request(options),
      type: patch.type,
      body: patch.body,
      force: patch.force ?? false,
      complaints: [],
    };
    const { document } = await served.service.patch(at, request);
    return document.read() as T;
  }

  async delete(resource: Resource, at: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const served = this.open('delete', resource, at);
    await served.service.delete(at, { ...this.caller, ...options, dryRun: false });
  }

  private request(options: WriteOptions): WriteRequest {
    return {
      ...this.caller,
      dryRun: options.dryRun ?? false,
      fieldManager: options.fieldManager ?? this.options.fieldManager,
      fieldValidation: 'Ignore',
      subresource: options.subresource,
    };
  }

  private open(verb: string, resource: Resource, at: Partial<ObjectName>, subresource?: string): ServedResource {
    const { group, version, plural } = resource;
    this.options.authorize?.(this.options.user, {
      verb,
      resource: { group, version, plural, subresource, namespace: at.namespace, name: at.name },
      path: '',
    });
    const served = this.options.registry.resource(group, version, plural);
    if (!served) throw noSuchResource();
    return served;
  }
}

const wholly: Reader = (document) => document.object;
const metadataAlone: Reader = (document) => new MetadataAlone(document);
const readerFor = ({ metadataOnly }: ListOptions): Reader => (metadataOnly ? metadataAlone : wholly);

/** What a caller hands over stays theirs: the registry completes drafts in place. */
function copy<T extends KubeObject>(object: T): T {
  return JSON.parse(JSON.stringify(object)) as T;
}
