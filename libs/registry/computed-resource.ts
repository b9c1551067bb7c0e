import type { ResourceDefinition } from '../api/definition.ts';
import { type KubeObject, type ObjectName, objectKey } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { covers } from '../cache/event.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { methodNotAllowed, notFound } from './errors.ts';
import type { DeleteAnswer, ListAnswer, ListRequest, ResourceService, WatchHandle, WriteAnswer } from './requests.ts';
import { filterOf } from './selection.ts';

/** A resource that is computed when asked for. */
export class ComputedResource implements ResourceService {
  constructor(
    private readonly definition: ResourceDefinition,
    private readonly compute: () => KubeObject[] | Promise<KubeObject[]>,
    private readonly mirror: StoreMirror,
  ) {}

  async get(at: ObjectName): Promise<Document> {
    const wanted = objectKey(at);
    const found = (await this.compute()).find((object) => keyOf(object) === wanted);
    if (!found) throw notFound(this.definition, at.name);
    return Document.ofObject(found);
  }

  async list(request: ListRequest): Promise<ListAnswer> {
    const filter = filterOf({ definition: this.definition }, request);
    const documents = (await this.compute())
      .filter((object) => covers(filter, keyOf(object)))
      .map((object) => Document.ofObject(object))
      .filter((document) => !filter.matches || filter.matches(document));
    return { documents, revision: this.mirror.revision };
  }

  watch(): Promise<WatchHandle> {
    throw methodNotAllowed();
  }

  create(): Promise<Document> {
    throw methodNotAllowed();
  }

  update(): Promise<WriteAnswer> {
    throw methodNotAllowed();
  }

  patch(): Promise<WriteAnswer> {
    throw methodNotAllowed();
  }

  delete(): Promise<DeleteAnswer> {
    throw methodNotAllowed();
  }

  deleteCollection(): Promise<ListAnswer> {
    throw methodNotAllowed();
  }
}

function keyOf({ metadata }: KubeObject): string {
  return objectKey({ namespace: metadata?.namespace, name: metadata?.name ?? '' });
}
